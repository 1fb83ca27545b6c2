// Package demo writes a year of a county's poverty-relief money into an empty
// book, so that everything Yilü shows can be tried without anybody's data.
//
// What is real [doc domain §8, §9]: 襄城县 and its 16 townships; the five sums
// of its notice of 2019 (G1), 1245 + 54 + 50 + 1200 + 8000 万元 = 105,490,000
// yuan, moved to the year 2020; 56 works projects, all tendered in public,
// planned to start by 31 March and to finish by 30 June, among them the
// psychiatric ward and the home for the old; 52 villages out of poverty, 11,548
// households out of poverty, 354 of them watched.
//
// What is invented: everything else. The sources' levels, names and document
// numbers; villages, budgets, firms (all called 示例, with codes 91411025MADEM…),
// officials; and every household, whose ID numbers are valid in form but carry
// order codes that are kept for centenarians and birth dates that contradict
// them, so that they can be nobody's. Each submission is titled 演示数据 and each
// fund and project says so in its public text.
//
// The year is honest but not without mistakes: see mistakes.go for those that
// were made and put right, and registers.go for whom the comparison lists find.
//
// The story is a pure function of nothing: a fixed seed, no clock. [Load] posts
// it day by day through the same import, Submit and Post that serve officers:
// plan, allocations, payments and household grants are written as XLSX and CSV
// and read back, all else is typed. Two installations get the same entries in
// the same order; only the ids of imported rows differ, since those are keyed
// with the installation's sealing secret.
package demo
