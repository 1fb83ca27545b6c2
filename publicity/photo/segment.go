package photo

import (
	"bytes"
	"encoding/binary"
	"io"
)

// Markers of the segments of a JPEG file.
const (
	startOfImage    = 0xd8
	endOfImage      = 0xd9
	startOfScan     = 0xda
	quantization    = 0xdb
	huffman         = 0xc4
	baseline        = 0xc0
	firstOfCameras  = 0xe1 // APP1, where cameras write what they know (Exif)
	mostOfSegments  = 64
	orientationTag  = 0x0112
	tagLength       = 12
	exifHeader      = "Exif\x00\x00"
	mostExifEntries = 200
)

// IsPublic says of bytes whether they are a picture as Of makes it: of that size, and with
// nothing in the file but its pixels and what it takes to read them.
func IsPublic(file []byte) bool {
	if len(file) > MostBytes || !bytes.HasPrefix(file, []byte{0xff, startOfImage}) || !bytes.HasSuffix(file, []byte{0xff, endOfImage}) {
		return false
	}
	for rest := file[2:]; ; {
		marker, body, after, ok := segment(rest)
		switch {
		case !ok:
			return false
		case marker == quantization, marker == huffman:
		case marker == baseline:
			if len(body) < 5 || binary.BigEndian.Uint16(body[1:]) > Widest || binary.BigEndian.Uint16(body[3:]) > Widest {
				return false
			}
		case marker == startOfScan:
			return bytes.Index(after, []byte{0xff, endOfImage}) == len(after)-2 // pixels never hold that pair
		default:
			return false
		}
		rest = after
	}
}

// segment is the first segment of what is left of a JPEG file.
func segment(rest []byte) (marker byte, body, after []byte, ok bool) {
	if len(rest) < 4 || rest[0] != 0xff {
		return 0, nil, nil, false
	}
	length := int(binary.BigEndian.Uint16(rest[2:]))
	if length < 2 || len(rest) < 2+length {
		return 0, nil, nil, false
	}
	return rest[1], rest[4 : 2+length], rest[2+length:], true
}

// orientation is how the camera was held when it took a JPEG photograph: 1 to 8 as Exif
// counts, 1 if it does not say.
func orientation(photo io.ReadSeeker) int {
	if _, err := photo.Seek(2, io.SeekStart); err != nil {
		return 1
	}
	for range mostOfSegments {
		var head [4]byte
		if _, err := io.ReadFull(photo, head[:]); err != nil || head[0] != 0xff || head[1] == startOfScan {
			return 1
		}
		length := int64(binary.BigEndian.Uint16(head[2:])) - 2
		if length < 0 {
			return 1
		}
		if head[1] != firstOfCameras {
			if _, err := photo.Seek(length, io.SeekCurrent); err != nil {
				return 1
			}
			continue
		}
		body := make([]byte, length)
		if _, err := io.ReadFull(photo, body); err != nil {
			return 1
		}
		if exif, ok := bytes.CutPrefix(body, []byte(exifHeader)); ok {
			return orientationIn(exif)
		}
	}
	return 1
}

// orientationIn reads it from the first directory of an Exif block, which is a TIFF file.
func orientationIn(exif []byte) int {
	if len(exif) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if exif[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(exif[4:]))
	if at+2 > int64(len(exif)) {
		return 1
	}
	entries := exif[at+2:]
	for range min(int(order.Uint16(exif[at:])), mostExifEntries) {
		if len(entries) < tagLength {
			return 1
		}
		if order.Uint16(entries) == orientationTag {
			if turn := int(order.Uint16(entries[8:])); turn >= 1 && turn <= 8 {
				return turn
			}
			return 1
		}
		entries = entries[tagLength:]
	}
	return 1
}
