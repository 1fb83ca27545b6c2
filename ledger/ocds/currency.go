package ocds

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/currency"
)

// signs are what publishers write for a currency beside an amount, and the currencies that
// it may be. A dollar is many countries'; such a sign tells nothing by itself, and only does
// not contradict.
var signs = map[string][]string{
	"€": {"EUR"}, "euro": {"EUR"}, "euros": {"EUR"},
	"$":   {"USD", "ARS", "AUD", "BBD", "BMD", "BND", "BRL", "BSD", "BZD", "CAD", "CLP", "COP", "CUP", "CVE", "DOP", "FJD", "GYD", "HKD", "JMD", "KYD", "LRD", "MOP", "MXN", "NAD", "NIO", "NZD", "SBD", "SGD", "SRD", "TOP", "TTD", "TWD", "UYU", "XCD"},
	"us$": {"USD"}, "u$s": {"USD"}, "r$": {"BRL"}, "a$": {"AUD"}, "nz$": {"NZD"}, "hk$": {"HKD"}, "nt$": {"TWD"}, "c$": {"CAD", "NIO"}, "rd$": {"DOP"}, "mx$": {"MXN"}, "ar$": {"ARS"}, "$u": {"UYU"}, "j$": {"JMD"},
	"£": {"GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"},
	"¥": {"CNY", "JPY"}, "￥": {"CNY", "JPY"}, "元": {"CNY", "TWD", "HKD", "MOP"}, "人民币": {"CNY"}, "円": {"JPY"},
	"₴": {"UAH"}, "грн": {"UAH"}, "₽": {"RUB"}, "руб": {"RUB", "BYN"}, "₹": {"INR"}, "rs": {"INR", "PKR", "NPR", "LKR", "MUR", "SCR"}, "₨": {"INR", "PKR", "NPR", "LKR", "MUR", "SCR"},
	"₦": {"NGN"}, "₱": {"PHP"}, "₲": {"PYG"}, "gs": {"PYG"}, "₩": {"KRW", "KPW"}, "₺": {"TRY"}, "₸": {"KZT"}, "₡": {"CRC"}, "₫": {"VND"}, "฿": {"THB"}, "₪": {"ILS"}, "₾": {"GEL"}, "₵": {"GHS"}, "₼": {"AZN"}, "֏": {"AMD"}, "₮": {"MNT"},
	"kr": {"DKK", "ISK", "NOK", "SEK"}, "zł": {"PLN"}, "kč": {"CZK"}, "ft": {"HUF"}, "лв": {"BGN"}, "lei": {"RON", "MDL"}, "din": {"RSD"}, "s/": {"PEN"}, "ksh": {"KES"}, "ush": {"UGX"}, "rp": {"IDR"}, "rm": {"MYR"},
}

// priced is an amount with a currency before or behind it, and a sign before either.
var priced = regexp.MustCompile(`^([-+]?)\s*([^-+0-9\s.,']*?[.]?)\s*([-+]?[0-9.,](?:.*[0-9])?)\s*([^-+0-9\s.,']*[.]?)$`)

// parted parts an amount from the currency in its text, and says which ones that may be;
// none if there is none in it, or if what stands there is no amount with a currency.
func parted(told any) (number string, may []string) {
	s, _ := told.(string)
	m := priced.FindStringSubmatch(strings.TrimSpace(s))
	if m == nil || (m[2] == "") == (m[4] == "") {
		return "", nil
	}
	number = m[1] + m[3]
	if _, ok := decimal(number); !ok {
		return "", nil
	}
	return number, currencies(m[2] + m[4])
}

// currencies are those that a word may be: one for a code of ISO 4217.
func currencies(word string) []string {
	word = strings.TrimSuffix(strings.TrimSpace(word), ".")
	if may := signs[strings.ToLower(word)]; may != nil {
		return may
	}
	if code := strings.ToUpper(word); currencyForm.MatchString(code) {
		if _, err := currency.ParseISO(code); err == nil {
			return []string{code}
		}
	}
	return nil
}

// currencyOf is the currency of an amount, "" if it cannot be known. What the text of the
// amount says stands for a member that is missing, and has to agree with one that is not.
func (n *notes) currencyOf(path string, v, told any, may []string) string {
	if len(may) == 0 {
		return n.currencyCode(path, v, told)
	}
	s, isText := v.(string)
	missing := v == nil || isText && strings.TrimSpace(s) == ""
	if missing && len(may) == 1 {
		return may[0]
	}
	code := n.currencyCode(path, v, told)
	if code != "" && !slices.Contains(may, code) {
		n.add("currency_differs", path, short(told), code)
		return ""
	}
	return code
}
