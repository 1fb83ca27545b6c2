package main

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"yilu/account"
	"yilu/alerts/notify"
	"yilu/web"
)

// signOnOptions are the settings of the office's provider of sign-on (统一身份认证).
type signOnOptions struct {
	issuer, client, secretFile, claim, private, caFile string
}

func (env *environment) signOnFlags(fs *flag.FlagSet) *signOnOptions {
	o := &signOnOptions{}
	fs.StringVar(&o.issuer, "oidc-issuer", setting("YILU_OIDC_ISSUER", ""), env.say("统一身份认证（OpenID Connect）的签发地址，空为不用 (YILU_OIDC_ISSUER)", "address of the provider of sign-on (OpenID Connect), empty for none (YILU_OIDC_ISSUER)"))
	fs.StringVar(&o.client, "oidc-client", setting("YILU_OIDC_CLIENT", ""), env.say("本系统在统一身份认证的客户端标识 (YILU_OIDC_CLIENT)", "our client id at the provider of sign-on (YILU_OIDC_CLIENT)"))
	fs.StringVar(&o.secretFile, "oidc-secret-file", setting("YILU_OIDC_SECRET_FILE", ""), env.say("客户端密钥所在文件，空为没有密钥 (YILU_OIDC_SECRET_FILE)", "file of our secret there, empty for none (YILU_OIDC_SECRET_FILE)"))
	fs.StringVar(&o.claim, "oidc-claim", setting("YILU_OIDC_CLAIM", "preferred_username"), env.say("哪个声明是本系统的账号名 (YILU_OIDC_CLAIM)", "the claim that holds the account's name (YILU_OIDC_CLAIM)"))
	fs.StringVar(&o.private, "oidc-private", setting("YILU_OIDC_PRIVATE", ""), env.say("认证服务所在的内网地址段，逗号分隔；不列出则只访问公网 (YILU_OIDC_PRIVATE)", "networks inside that the provider is in, with commas; else public addresses alone are asked (YILU_OIDC_PRIVATE)"))
	fs.StringVar(&o.caFile, "oidc-ca-file", setting("YILU_OIDC_CA_FILE", ""), env.say("另外信任的证书颁发机构 (YILU_OIDC_CA_FILE)", "further certificate authorities (YILU_OIDC_CA_FILE)"))
	return o
}

// read makes what logs people in of the settings, nil for none. back is our address as
// others reach it.
func (o *signOnOptions) read(env *environment, back string) (*account.SignOn, error) {
	if o.issuer == "" {
		return nil, nil
	}
	bad := func(name, zh, en string) error {
		return &coded{exitUsage, errors.New("--" + name + ": " + env.say(zh, en))}
	}
	issuer, err := url.Parse(o.issuer)
	if err != nil || issuer.Host == "" || issuer.RawQuery != "" || issuer.Fragment != "" || issuer.User != nil || issuer.Scheme != "https" && !(issuer.Scheme == "http" && loopback(issuer.Hostname())) {
		return nil, bad("oidc-issuer", "须为 https 网址", "want an https address")
	}
	switch {
	case o.client == "":
		return nil, bad("oidc-client", "请填写客户端标识", "name our client id")
	case o.claim == "":
		return nil, bad("oidc-claim", "请填写声明名称", "name a claim")
	case back == "":
		return nil, bad("public-url", "使用统一身份认证时须填写本系统对外的网址", "sign-on needs our address as others reach it")
	}
	s := &account.SignOn{Issuer: o.issuer, Client: o.client, Claim: o.claim, Back: strings.TrimSuffix(back, "/") + web.SignOnBack}
	if o.secretFile != "" {
		text, err := os.ReadFile(o.secretFile)
		if err != nil {
			return nil, &coded{exitUsage, fmt.Errorf("--oidc-secret-file: %w", err)}
		}
		if s.Secret = strings.TrimSpace(string(text)); s.Secret == "" {
			return nil, bad("oidc-secret-file", "文件是空的", "the file is empty")
		}
	}
	var private []netip.Prefix
	for part := range strings.SplitSeq(o.private, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, &coded{exitUsage, fmt.Errorf("--oidc-private: %w", err)}
		}
		private = append(private, network)
	}
	if s.HTTP, err = notify.Outward(private, o.caFile); err != nil {
		return nil, &coded{exitUsage, fmt.Errorf("--oidc-ca-file: %w", err)}
	}
	return s, nil
}

// loopback says whether a host is this machine, by its address.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
