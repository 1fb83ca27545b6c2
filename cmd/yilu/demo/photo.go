package demo

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	raster "image/draw"
	"image/jpeg"
	"sync"

	"yilu/ledger"
	"yilu/ledger/document"
	"yilu/publicity/photo"
)

// One photograph of the demonstration is there: of the village board on which the
// acceptance of photographed was announced. A program has drawn it, and it says so in
// itself; it was released by two persons as any other. All other photographs are hashes.
const (
	photographed = "GS-P7-GC2020-001"
	// photographedAt is the village of it, releasedOn the day on which its release was
	// asked for.
	photographedAt = "城关街道秦桥村"
	releasedOn     = ledger.Date("2020-12-23")
)

// boardPhoto is the photograph and the picture of it that the public gets.
type boardPhoto struct {
	original ledger.File
	content  []byte
	picture  ledger.File
	small    photo.Picture
}

// drawnPhoto draws the photograph, once. Its bytes are those of this Go's image/jpeg.
var drawnPhoto = sync.OnceValue(func() boardPhoto {
	var b bytes.Buffer
	err := jpeg.Encode(&b, drawBoard(), &jpeg.Options{Quality: 80})
	small, wrong := photo.Of(bytes.NewReader(b.Bytes()))
	if err = errors.Join(err, wrong); err != nil {
		panic("demo: " + err.Error()) // a drawing of ours: a bug
	}
	p := boardPhoto{content: b.Bytes(), small: small}
	p.original = fileOf("演示-"+photographed+"公示栏照片.jpg", p.content)
	sum, _ := base64.StdEncoding.DecodeString(p.original.SHA256) // just encoded
	p.picture = fileOf("公开图片-"+hex.EncodeToString(sum)[:12]+".jpg", small.JPEG)
	return p
})

func fileOf(name string, content []byte) ledger.File {
	return ledger.File{Name: name, SHA256: hashOf(content), SM3: national(content), Size: ledger.Count(len(content))}
}

// releasePhoto asks for the release of the photograph, and a second person approves.
func (p *publisher) releasePhoto(by ledger.By) {
	drawn := drawnPhoto()
	a := newAct(releasedOn, by, photographed+".photo", &ledger.PhotoReleased{
		Basis: "政府信息公开条例第二十条", Caption: "演示图片，由程序绘制：" + photographedAt + "公示栏，竣工验收公示", Looked: "nobody", Original: drawn.original.SHA256,
		Picture: drawn.picture, Width: ledger.Count(drawn.small.Width), Height: ledger.Count(drawn.small.Height)})
	a.shows = idPrefix + photographed + ".hung"
	p.submit("zhaopian", "照片公开", a)
}

// release completes the release of the photograph: with the number of the entry that
// names it, and with both files in the store, if there is one.
func (n *loading) release(ctx context.Context, a act) (ledger.Body, error) {
	seq, err := n.seqOf(ctx, a.shows)
	if err != nil {
		return nil, err
	}
	drawn, b := drawnPhoto(), *a.Body.(*ledger.PhotoReleased)
	b.Entry = seq
	if n.files == nil {
		return &b, nil
	}
	for _, f := range []struct {
		file    ledger.File
		content []byte
	}{{drawn.original, drawn.content}, {drawn.picture, drawn.small.JPEG}} {
		stored, err := n.files.Put(ctx, Book, document.Stored{Unit: a.By.Unit, User: a.By.User, Name: f.file.Name, At: n.ledger.Now()}, bytes.NewReader(f.content))
		if err != nil {
			return nil, err
		}
		if stored.Hash() != f.file.SHA256 {
			return nil, fmt.Errorf("document %s is stored as %s", f.file.Name, stored.Hash())
		}
	}
	return &b, nil
}

// drawBoard draws a board of blue steel with four sheets of paper on a wall of a village.
func drawBoard() image.Image {
	p := image.NewRGBA(image.Rect(0, 0, 1280, 960))
	fill := func(x0, y0, x1, y1 int, c color.RGBA) {
		raster.Draw(p, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, raster.Src)
	}
	for y := range 960 { // the sky
		fill(0, y, 1280, y+1, color.RGBA{150 + uint8(y/16), 190 + uint8(y/20), 225, 255})
	}
	fill(0, 240, 1280, 800, color.RGBA{226, 217, 199, 255}) // a wall, and before it the road
	for y := 240; y < 800; y += 40 {
		fill(0, y, 1280, y+2, color.RGBA{206, 196, 178, 255})
	}
	fill(0, 800, 1280, 960, color.RGBA{152, 148, 140, 255})
	steel, paper, ink := color.RGBA{36, 82, 134, 255}, color.RGBA{252, 251, 246, 255}, color.RGBA{92, 92, 96, 255}
	fill(190, 700, 230, 850, steel)
	fill(1050, 700, 1090, 850, steel)
	fill(110, 160, 1170, 730, steel)
	fill(140, 270, 1140, 700, color.RGBA{196, 208, 214, 255})
	write(p, "公示栏", 505, 175, 4, paper)
	for n := range 4 {
		x := 170 + n*240
		fill(x, 300, x+215, 640, paper)
		fill(x+40, 325, x+175, 345, ink)
		for row := range 11 {
			y := 370 + row*23
			fill(x+20, y, x+195-(row*37+n*53)%70, y+6, ink)
		}
	}
	write(p, "演示图片", 170, 855, 4, color.RGBA{255, 240, 120, 255})
	write(p, "程序绘制", 650, 855, 4, color.RGBA{255, 240, 120, 255})
	return p
}

// write draws words of glyphs, each of their pixels a square of some pixels.
func write(p raster.Image, words string, x, y, size int, c color.RGBA) {
	for _, r := range words {
		rows, _ := base64.StdEncoding.DecodeString(glyphs[r]) // ours
		for i, b := range rows {
			for bit := range 8 {
				if b&(0x80>>bit) != 0 {
					at := image.Pt(x+(i%3*8+bit)*size, y+i/3*size)
					raster.Draw(p, image.Rectangle{at, at.Add(image.Pt(size, size))}, image.NewUniform(c), image.Point{}, raster.Src)
				}
			}
		}
		x += 25 * size
	}
}

// glyphs are the characters on the picture: 24 rows of 24 bits, the highest first.
var glyphs = map[rune]string{
	'公': "AAAAAAAAAYMAAYGAAYDAAwDABgBgBgAwDAA4GBgcODAOMDAEAGAAAOAAAMGAAYHAAwDAAwBgBgBwD//wD/wYAAAMAAAIAAAA",
	'示': "AAAAAAAAD//wD//wAAAAAAAAAAAAAAAAP//8f//+ABgAABgAABgABhhgBhhgDBgwDBgYGBgYMBgMcBgMIBgAAfgAAfAAAAAA",
	'栏': "AAAABAgYBAwQBAwwBAYgP4ZgP7/8BD/8DgAADwAADwAAHYAAHIAANJ/4NB/4ZAAAZAAARAAABAAABAAABH/+BH/+BAAAAAAA",
	'演': "AAAAGAYAHAMAD//8AYAMAYAEAYAEAH/wcAcAOAMACP/4AMcYAMMIAMMIBP/4BMMIDMMIDP/4GBBAGBhgMHAwMeAcAYAMAAAA",
	'图': "AAAAAAAAP//8MAAMMGAMMGAMMP/MMcGMM8MMNmYMMDwMMH4MM+PMNwDsMHgMMB4MMAIMMeAMMH8MMAOMMAAMP//8MAAMAAAA",
	'片': "AAAABAYADAYADAYADAYADAYADAYAD//8D//4DAAADAAADAAADAAAD//AD//ADADADADAGADAGADAGADAMADAcADAYADAAAAA",
	'程': "AAAAA4AAPx/8fhgMBhgMBhgMBhgMf9gMf9/8BgAADgAADwAAH7/+HoGAFsGANgGAZgHAZh/8BgGABgGABgGABgHABn/+AAAA",
	'序': "AAAAAAgAAAwAH//+H//+GAAAGAAAGf/wGABwGADgGHGAGB8AGAcAE//8EAYcEAYYEAYYMAYwMAYAMAYAIAYAYAYAYH4AAHgA",
	'绘': "AAAABAGADAOADAPACAbAGAxgERgwMzgYI3AOfm/0fg/wDAAAGAAAGD/8Pz/8fAYAYAYAAAwgAxgwHxgYeDn4YH/sAGAMAAAA",
	'制': "AAAAGYAEGYAEEYDEP/zEP/jEIYDEYYDEf/zEf/zEAYDEAYDEAYDEP/zEP/zEMYzEMYzEMYwEMYwEMYwEMbgEAYB8AYB8AAAA",
}
