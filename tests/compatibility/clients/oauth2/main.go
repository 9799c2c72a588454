// golang.org/x/oauth2 against RomM: a password, a refresh, a device. Prints a line for each thing that worked.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"golang.org/x/oauth2"
)

var origin = os.Getenv("ROMM_URL")

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	app := &oauth2.Config{
		ClientID: "shelf",
		Scopes:   []string{"me.read", "devices.read"},
		Endpoint: oauth2.Endpoint{
			TokenURL:      origin + "/api/token",
			DeviceAuthURL: origin + "/api/device_authorization",
		},
	}
	password(ctx, app)
	device(ctx, app)
}

func password(ctx context.Context, app *oauth2.Config) {
	token, err := app.PasswordCredentialsToken(ctx, os.Getenv("ROMM_USERNAME"), os.Getenv("ROMM_PASSWORD"))
	if refused, ok := err.(*oauth2.RetrieveError); ok {
		fmt.Println("password refused:", refused.ErrorCode, refused.ErrorDescription)
		return
	}
	check(err)
	fmt.Println("password:", me(app.Client(ctx, token)))
	token.Expiry = time.Now().Add(-time.Hour)
	fmt.Println("refresh:", me(app.Client(ctx, token)))
}

func device(ctx context.Context, app *oauth2.Config) {
	asked, err := app.DeviceAuth(ctx)
	check(err)
	approve(asked.UserCode)
	token, err := app.DeviceAccessToken(ctx, asked)
	check(err)
	fmt.Println("device:", me(app.Client(ctx, token)))
}

func approve(code string) {
	body, _ := json.Marshal(map[string]any{"user_code": code, "approved_scopes": []string{"me.read", "devices.read"}})
	request, _ := http.NewRequest("POST", origin+"/api/auth/device/approve", bytes.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+os.Getenv("ROMM_TOKEN"))
	answer, err := http.DefaultClient.Do(request)
	check(err)
	if answer.StatusCode != 200 {
		panic(answer.Status)
	}
}

func me(client *http.Client) string {
	answer, err := client.Get(origin + "/api/users/me")
	check(err)
	var account struct{ Username string }
	check(json.NewDecoder(answer.Body).Decode(&account))
	return account.Username
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
