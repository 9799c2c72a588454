"""Each scope in words, for the consent page."""

from collections.abc import Mapping

from romm.domain.scopes import GRANT_ACCESS

WORDS: Mapping[str, str] = {
    "me.read": "See your account: name, e-mail address and role",
    "roms.read": "See the games",
    "platforms.read": "See the platforms",
    "assets.read": "See your saves, states and screenshots",
    "devices.read": "See your devices",
    "firmware.read": "See the firmware",
    "roms.user.read": "See your notes, ratings and play status",
    "collections.read": "See collections",
    "playlists.read": "See playlists",
    "me.write": "Change your account",
    "assets.write": "Add, change and delete your saves, states and screenshots",
    "devices.write": "Add, change and end your devices",
    "roms.user.write": "Change your notes, ratings and play status",
    "collections.write": "Add, change and delete your collections",
    "playlists.write": "Add, change and delete your playlists",
    "roms.write": "Add, change and delete games",
    "platforms.write": "Add, change and delete platforms",
    "firmware.write": "Add, change and delete firmware",
    "users.read": "See all people and their roles",
    "users.write": "Add, change and delete people, and their roles",
    "tasks.run": "Start tasks, such as a scan",
    "logs.read": "Read the logs",
    GRANT_ACCESS: "Create access that outlasts this token: other tokens, devices, administrators, links, passwords and addresses",
}


def described(scopes: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"name": scope, "words": WORDS[scope]} for scope in scopes]
