package config

import (
	"net/url"
	"strings"
)

// OIDC is the provider with which people may sign in.
type OIDC struct {
	Issuer       string
	ClientID     string
	ClientSecret Secret // empty: a public client
	Name         string // as people know it
	Scopes       []string
	SignUp       bool // whoever is not known gets an account
}

func oidc(v variables, found *problems) *OIDC {
	if v.OIDCIssuer == "" {
		if v.OIDCClientID != "" || v.OIDCClientSecret != "" {
			found.add("OIDC_ISSUER", "is not set although OIDC_CLIENT_ID or OIDC_CLIENT_SECRET is", "Write the address of the provider, such as https://id.example.org, or leave the others out.")
		}
		return nil
	}
	u, err := url.Parse(v.OIDCIssuer)
	local := err == nil && u.Scheme == "http" && isLocal(u.Hostname())
	if err != nil || u.Scheme != "https" && !local || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		found.add("OIDC_ISSUER", "is no https address", "Copy the issuer from the settings of the provider, such as https://id.example.org.")
		return nil
	}
	if v.OIDCClientID == "" {
		found.add("OIDC_CLIENT_ID", "is not set although OIDC_ISSUER is", "Register Albumen at the provider and write the id that it gives.")
	}
	o := &OIDC{
		Issuer: v.OIDCIssuer, ClientID: v.OIDCClientID, ClientSecret: Secret(v.OIDCClientSecret), Name: strings.TrimSpace(v.OIDCName),
		Scopes: strings.Fields(v.OIDCScopes), SignUp: v.OIDCSignUp,
	}
	if o.Name == "" {
		o.Name = u.Hostname()
	}
	return o
}
