package workday_test

import (
	"fmt"

	"yilu/publicity/workday"
)

// Fifteen working days from the eve of the Spring Festival of 2020, which was
// prolonged while it lasted.
func ExampleCalendar_Add() {
	due, err := workday.StateCouncil().Add("2020-01-20", 15)
	fmt.Println(due, err)
	// Output: 2020-02-18 <nil>
}

// A day remembers which notice made it what it is.
func ExampleCalendar_Lookup() {
	day, _ := workday.StateCouncil().Lookup("2020-02-01")
	fmt.Println(day.Work, day.Holiday, day.Notice)
	// Output: false 春节 国办发明电〔2020〕1号
}

// Ten days from a Friday: as the law counts, and as notices print it.
func ExampleCalendar_PostingEnd() {
	strict, _ := workday.StateCouncil().PostingEnd("2024-08-09", 10, workday.Strict)
	inclusive, _ := workday.StateCouncil().PostingEnd("2024-08-09", 10, workday.Inclusive)
	fmt.Println(strict, inclusive)
	// Output: 2024-08-19 2024-08-18
}
