// Conveniences only: every page works without this. Its hash is in the Content-Security-Policy of each page.
"use strict";

// In the language of the text around it, as the reader's country writes that.
const formats = {};
function formatsOf(element) {
  const around = element.closest("[lang]").lang;
  const language = navigator.languages.find((each) => each.split("-")[0] === around.split("-")[0]) ?? around;
  return (formats[language] ??= {
    date: new Intl.DateTimeFormat(language, { dateStyle: "medium" }),
    moment: new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }),
    ago: new Intl.RelativeTimeFormat(language, { numeric: "auto" }),
  });
}

// Times as the reader's clock shows them; the last day as "5 minutes ago".
for (const element of document.querySelectorAll("time[datetime]")) {
  const { date, moment, ago } = formatsOf(element);
  const then = new Date(element.dateTime);
  const minutes = Math.round((then - Date.now()) / 60000);
  element.title = moment.format(then);
  if ("day" in element.dataset) element.textContent = date.format(then);
  else if (minutes === 0) element.textContent = ago.format(0, "second");
  else if (Math.abs(minutes) < 60) element.textContent = ago.format(minutes, "minute");
  else if (Math.abs(minutes) < 1440) element.textContent = ago.format(Math.round(minutes / 60), "hour");
  else element.textContent = moment.format(then);
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const source = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = source.value ?? source.textContent;
    if (navigator.clipboard) await navigator.clipboard.writeText(text); // https and loopback only
    else copySelected(source);
    button.textContent = button.dataset.done;
  });
}

for (const button of document.querySelectorAll("button[data-shows]")) {
  const field = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", shown);
  });
  field.form.addEventListener("submit", () => (field.type = "password")); // so that password managers see one
}

function copySelected(source) {
  getSelection().selectAllChildren(source);
  source.select?.();
  document.execCommand("copy");
}
