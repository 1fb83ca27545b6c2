package photo

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"
)

// quarters is a picture with a colour of its own in each corner.
func quarters(w, h int) *image.RGBA {
	p := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{R: 200, A: 255}
			if x >= w/2 {
				c = color.RGBA{G: 200, A: 255}
			}
			if y >= h/2 {
				c.B = 200
			}
			p.SetRGBA(x, y, c)
		}
	}
	return p
}

func asJPEG(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withCamera puts what a telephone writes into a JPEG: how it was held, and where.
func withCamera(file []byte, order binary.AppendByteOrder, mark string, turn uint16) []byte {
	exif := []byte(exifHeader + mark)
	exif = order.AppendUint16(exif, 42)
	exif = order.AppendUint32(exif, 8)
	exif = order.AppendUint16(exif, 2)
	exif = append(order.AppendUint32(order.AppendUint16(order.AppendUint16(exif, 0x010f), 2), 4), "ABC\x00"...)
	exif = append(order.AppendUint16(order.AppendUint32(order.AppendUint16(order.AppendUint16(exif, orientationTag), 3), 1), turn), 0, 0)
	exif = append(exif, "GPS 33.851,113.482"...)
	out := append([]byte{0xff, startOfImage, 0xff, 0xe0, 0, 4, 'J', 'F', 0xff, firstOfCameras}, 0, 0)
	binary.BigEndian.PutUint16(out[len(out)-2:], uint16(len(exif)+2))
	return append(append(out, exif...), file[2:]...)
}

func cornersOf(t *testing.T, p Picture) string {
	t.Helper()
	got, err := jpeg.Decode(bytes.NewReader(p.JPEG))
	if err != nil || got.Bounds().Dx() != p.Width || got.Bounds().Dy() != p.Height {
		t.Fatal(err)
	}
	var out []byte
	for _, at := range []image.Point{{p.Width / 8, p.Height / 8}, {p.Width * 7 / 8, p.Height / 8}, {p.Width / 8, p.Height * 7 / 8}, {p.Width * 7 / 8, p.Height * 7 / 8}} {
		r, g, b, _ := got.At(at.X, at.Y).RGBA()
		corner := byte('r')
		if g > r {
			corner = 'g'
		}
		if b > 0x8000 {
			corner -= 'a' - 'A'
		}
		out = append(out, corner)
	}
	return string(out)
}

// TestPictureIsSmallAndBare: of a photograph of any form comes a small picture the right
// way up, without what the camera wrote.
func TestPictureIsSmallAndBare(t *testing.T) {
	t.Parallel()
	large := asJPEG(t, quarters(1600, 1200))
	for _, c := range []struct {
		name string
		file []byte
		w, h int
		want string
	}{
		{"as it is", large, 640, 480, "rgRG"},
		{"PNG", asPNG(t, quarters(1600, 1200)), 640, 480, "rgRG"},
		{"small", asJPEG(t, quarters(64, 48)), 64, 48, "rgRG"},
		{"narrow", asPNG(t, quarters(2000, 3)), 640, 1, ""},
		{"1", withCamera(large, binary.BigEndian, "MM", 1), 640, 480, "rgRG"},
		{"2, mirrored", withCamera(large, binary.BigEndian, "MM", 2), 640, 480, "grGR"},
		{"3, upside down", withCamera(large, binary.LittleEndian, "II", 3), 640, 480, "GRgr"},
		{"4", withCamera(large, binary.BigEndian, "MM", 4), 640, 480, "RGrg"},
		{"5", withCamera(large, binary.BigEndian, "MM", 5), 480, 640, "rRgG"},
		{"6, on its side", withCamera(large, binary.LittleEndian, "II", 6), 480, 640, "RrGg"},
		{"7", withCamera(large, binary.BigEndian, "MM", 7), 480, 640, "GgRr"},
		{"8", withCamera(large, binary.BigEndian, "MM", 8), 480, 640, "gGrR"},
		{"nonsense for a turn", withCamera(large, binary.BigEndian, "MM", 9), 640, 480, "rgRG"},
	} {
		p, err := Of(bytes.NewReader(c.file))
		if err != nil || p.Width != c.w || p.Height != c.h || len(p.JPEG) > MostBytes {
			t.Errorf("%s: %d×%d, %d bytes, %v", c.name, p.Width, p.Height, len(p.JPEG), err)
			continue
		}
		if got := cornersOf(t, p); c.want != "" && got != c.want {
			t.Errorf("%s: corners %s, want %s", c.name, got, c.want)
		}
		if !IsPublic(p.JPEG) || bytes.Contains(p.JPEG, []byte("GPS")) || bytes.Contains(p.JPEG, []byte("Exif")) {
			t.Errorf("%s: is not bare", c.name)
		}
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	p, err := Of(bytes.NewReader(asPNG(t, glass)))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := jpeg.Decode(bytes.NewReader(p.JPEG)); got.At(4, 4) != (color.YCbCr{Y: 255, Cb: 128, Cr: 128}) {
		t.Errorf("what is transparent is %v, not white", got.At(4, 4))
	}
}

// TestNoiseIsMadeSmall: the busiest picture is small at a lower quality.
func TestNoiseIsMadeSmall(t *testing.T) {
	t.Parallel()
	noise, random := image.NewRGBA(image.Rect(0, 0, 640, 640)), rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(random.Uint32())
		if i%4 == 3 {
			noise.Pix[i] = 255
		}
	}
	p, err := Of(bytes.NewReader(asPNG(t, noise)))
	if err != nil && !strings.Contains(err.Error(), "60 KB") || err == nil && !IsPublic(p.JPEG) {
		t.Error(len(p.JPEG), err)
	}
}

// bomb is a small PNG file that claims to be huge.
func bomb(w, h uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), w)
	head = append(binary.BigEndian.AppendUint32(head, h), 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

func TestWhatIsNoPhotograph(t *testing.T) {
	t.Parallel()
	large := asJPEG(t, quarters(1600, 1200))
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"nothing": {nil, "JPEG"}, "text": {[]byte("张贴了"), "JPEG"}, "GIF": {[]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"), "JPEG"},
		"a bomb": {bomb(60_000, 60_000), "60000×60000"}, "a wider bomb": {bomb(1<<31-1, 1<<31-1), ""}, "just too large": {bomb(8000, 6501), "8000×6501"},
		"only its head": {bomb(10, 10), "damaged"}, "cut off": {large[:len(large)/2], "damaged"},
	} {
		if _, err := Of(bytes.NewReader(c.file)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIsPublic(t *testing.T) {
	t.Parallel()
	p, err := Of(bytes.NewReader(asJPEG(t, quarters(1600, 1200))))
	if err != nil {
		t.Fatal(err)
	}
	fine := p.JPEG
	for name, file := range map[string][]byte{
		"nothing": nil, "a PNG": asPNG(t, quarters(8, 8)), "with what a camera wrote": withCamera(fine, binary.BigEndian, "MM", 1),
		"a remark":  append([]byte{0xff, 0xd8, 0xff, 0xfe, 0, 4, 'h', 'i'}, fine[2:]...),
		"more":      append(bytes.Clone(fine), "后面的话"...),
		"twice":     append(bytes.Clone(fine), fine...),
		"too wide":  asJPEG(t, quarters(641, 8)),
		"too large": append(bytes.Clone(fine[:len(fine)-2]), make([]byte, MostBytes)...),
		"cut off":   fine[:len(fine)-1], "only a head": fine[:20],
	} {
		if IsPublic(file) {
			t.Errorf("%s passes", name)
		}
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(asJPEG(f, quarters(16, 8)))
	f.Add(withCamera(asJPEG(f, quarters(16, 8)), binary.LittleEndian, "II", 6))
	f.Add(asPNG(f, quarters(16, 8)))
	f.Fuzz(func(t *testing.T, file []byte) {
		IsPublic(file)
		if p, err := Of(bytes.NewReader(file)); err == nil && !IsPublic(p.JPEG) {
			t.Error("what was made is not bare")
		}
	})
}
