// Package photo makes what the public sees of a photograph: a small JPEG of its pixels
// alone, the right way up. Where and when it was taken, by which telephone, and the small
// copy of the whole that telephones hide in their files stay behind with the file.
//
// What is guaranteed: a picture has at most [MostBytes] and [Widest] pixels a side;
// [IsPublic] says of any bytes whether they are such a picture, without anything beside
// its pixels; and no file, whatever it claims to be, takes more memory than [MostPixels]
// pixels need. What is not: that nobody can be made out in it. That persons look at.
//
// It is pure: no database and no clock.
package photo
