package scan

import (
	"strconv"
	"strings"
	"time"
)

// regions are the provinces an ID number may begin with; 81 to 83 stand on the
// residence permits of Hong Kong, Macao and Taiwan residents.
const regions = " 11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 "

// ValidIDNumber says whether s is an 18-character citizen number with a region, a
// real birth date and the right check digit (GB 11643): a credit code of digits can
// have the digit, and not the date. Lower-case x is accepted.
func ValidIDNumber(s string) bool {
	if len(s) != 18 {
		return false
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum += int(s[i]-'0') * w
	}
	if last := strings.ToUpper(s[17:]); last[0] != "10X98765432"[sum%11] {
		return false
	}
	if !strings.Contains(regions, " "+s[:2]+" ") {
		return false
	}
	year, err := strconv.Atoi(s[6:10])
	if err != nil || year < 1800 || year > 2199 {
		return false
	}
	_, err = time.Parse("20060102", s[6:14])
	return err == nil
}

// ValidCard checks the last digit of a personal bank card's number (Luhn). Accounts
// of offices and passbooks do not follow it.
func ValidCard(s string) bool {
	sum := 0
	for i := range len(s) {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}
