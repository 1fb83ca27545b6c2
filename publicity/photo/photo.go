package photo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	_ "image/png" // read, never written
	"io"

	"yilu/ledger"
)

const (
	// MostPixels is the largest photograph that is read: a telephone's has 12 or 48 million,
	// and reading one takes up to eight bytes for each.
	MostPixels = 52_000_000
	// Widest is how many pixels a side of a public picture has at most.
	Widest = 640
	// MostBytes is the largest public picture: pages are read on cheap phones.
	MostBytes = 60 << 10
)

// Picture is what the public sees.
type Picture struct {
	JPEG          []byte
	Width, Height int
}

// qualities of JPEG that are tried one after the other until the picture is small enough.
var qualities = []int{75, 60, 45, 30, 15}

// Of makes the picture of a photograph, a JPEG or PNG file.
func Of(photo io.ReadSeeker) (Picture, error) {
	config, format, err := image.DecodeConfig(photo)
	if err != nil || config.Width < 1 || config.Height < 1 || format != "jpeg" && format != "png" {
		return Picture{}, bad("不是可以读取的照片（JPEG 或 PNG）", "is no photograph that can be read (JPEG or PNG)")
	}
	if int64(config.Width)*int64(config.Height) > MostPixels {
		return Picture{}, bad(fmt.Sprintf("照片有 %d×%d 像素，最多 %d 万像素，请用手机相册缩小后再上传", config.Width, config.Height, MostPixels/10_000),
			fmt.Sprintf("the photograph has %d×%d pixels, at most %d million are read: make it smaller", config.Width, config.Height, MostPixels/1_000_000))
	}
	turn := 1
	if format == "jpeg" {
		turn = orientation(photo)
	}
	if _, err := photo.Seek(0, io.SeekStart); err != nil {
		return Picture{}, fmt.Errorf("read photograph: %w", err)
	}
	whole, _, err := image.Decode(photo)
	if err != nil {
		return Picture{}, bad("照片文件已损坏，请重新上传", "the photograph's file is damaged, hand it in again")
	}
	small := turned(shrunk(whole), turn)
	p := Picture{Width: small.Bounds().Dx(), Height: small.Bounds().Dy()}
	for _, quality := range qualities {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: quality}); err != nil {
			return Picture{}, fmt.Errorf("write picture: %w", err)
		}
		if p.JPEG = b.Bytes(); len(p.JPEG) <= MostBytes {
			return p, nil
		}
	}
	return Picture{}, bad("照片过于细碎，压缩后仍超过 60 KB", "the picture is larger than 60 KB even at the lowest quality")
}

// bad is a photograph of which no picture is made, with a reason that an officer can act on.
func bad(zh, en string) error {
	return &ledger.Invalid{Problems: []ledger.Problem{{Field: "photo", Rule: "form", Text: ledger.Text{Zh: zh, En: en}}}}
}

// shrunk is a picture of at most Widest pixels a side, on white: each of its pixels is the
// mean of those that it stands for. Rows are read a strip at a time.
func shrunk(whole image.Image) *image.RGBA {
	from := whole.Bounds()
	width, height := fit(from.Dx(), from.Dy())
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		top, bottom := y*from.Dy()/height, (y+1)*from.Dy()/height
		strip := image.NewRGBA(image.Rect(0, 0, from.Dx(), bottom-top))
		draw.Draw(strip, strip.Bounds(), image.White, image.Point{}, draw.Src)
		draw.Draw(strip, strip.Bounds(), whole, from.Min.Add(image.Pt(0, top)), draw.Over)
		for x := range width {
			out.SetRGBA(x, y, mean(strip, x*from.Dx()/width, (x+1)*from.Dx()/width))
		}
	}
	return out
}

// fit is the size of a picture of a photograph of a size: never larger, never empty.
func fit(width, height int) (w, h int) {
	longer := max(width, height)
	if longer <= Widest {
		return width, height
	}
	return max(width*Widest/longer, 1), max(height*Widest/longer, 1)
}

// mean is the mean of some columns of a strip.
func mean(strip *image.RGBA, from, to int) color.RGBA {
	var r, g, b, n uint64
	for y := range strip.Rect.Dy() {
		row := strip.Pix[y*strip.Stride:]
		for x := from; x < to; x++ {
			r, g, b, n = r+uint64(row[4*x]), g+uint64(row[4*x+1]), b+uint64(row[4*x+2]), n+1
		}
	}
	return color.RGBA{R: uint8(r / n), G: uint8(g / n), B: uint8(b / n), A: 0xff}
}

// turned is a picture the right way up, by the orientation that its camera noted.
func turned(p *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return p
	}
	w, h := p.Rect.Dx(), p.Rect.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			at := [...]image.Point{2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y}, 5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[orientation]
			out.SetRGBA(at.X, at.Y, p.RGBAAt(x, y))
		}
	}
	return out
}
