package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// webhook posts each message as JSON to a program.
//
//	POST …
//	Yilu-Delivery: 6f1c…                       the same at each try
//	Yilu-Signature: t=1790000000,v1=9c2a…,v1=…  one v1 for each live secret
//
// v1 is the hex HMAC-SHA256 of t, a dot and the body. The receiver takes the
// message if one v1 is right and t is recent, and answers with any 2xx.
type webhook struct {
	client  *http.Client
	address string
	secrets []string
}

type webhookBody struct {
	Delivery string `json:"delivery"`
	Message
}

func (w *webhook) send(ctx context.Context, l letter) outcome {
	body, err := json.Marshal(webhookBody{l.id, l.messages[0]}, json.Deterministic(true))
	if err != nil {
		return outcome{verdict: refused, reason: clean(err.Error())}
	}
	header := http.Header{}
	header.Set("Yilu-Delivery", l.id)
	header.Set("Yilu-Signature", signature(w.secrets, l.at.Unix(), body))
	a, o, ok := post(ctx, w.client, w.address, header, body)
	if !ok {
		return o
	}
	return judgeStatus(a)
}

func signature(secrets []string, at int64, body []byte) string {
	t := strconv.FormatInt(at, 10)
	var b strings.Builder
	b.WriteString("t=" + t)
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(t + "."))
		mac.Write(body)
		b.WriteString(",v1=" + hex.EncodeToString(mac.Sum(nil)))
	}
	return b.String()
}
