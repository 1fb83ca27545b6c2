/*
Package formula is the language of rules: exact values, and conditions over them
that are checked before they run. It is CEL, cut down until nothing in it can
round, guess or run away:

  - Decimals hold amounts in yuan and shares. They add, subtract, multiply and
    compare exactly; there is no division, no double, no mixing with whole
    numbers. A result of more than 38 digits is an error.
  - Days are civil days in Shanghai, instants have an offset. Neither is ever
    compared with the other, nor as a text.
  - A missing input is an unknown with a reason. && and || decide without it
    where the rest decides; otherwise the result is that reason, and never false.
  - dyn, null, regular expressions and deep nesting do not compile, and what a
    formula can cost is bounded before it runs.

Functions beside those of CEL: dec('0.05'), dd(a, b) days from a to b, wd(a, b)
working days, months(a, b), day(instant), norm(name), sim(name, name),
holds(text, words) and begins(text, words): whether one of the words is in the text, or
begins it.

This is the only package that knows cel-go.
*/
package formula
