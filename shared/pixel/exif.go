package pixel

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
)

// maxExifEntries bounds the walk through a directory; cameras write about 20.
const maxExifEntries = 512

// exifOrientation returns the Orientation tag of a picture file of a format, 1 to
// 8, or 1 (upright) where it has none or its metadata is broken.
//
// Source: JEITA CP-3451 (Exif 2.3), sections 4.5 and 4.6.4; TIFF 6.0 section 2.
func exifOrientation(format string, b []byte) int {
	switch format {
	case "jpeg":
		return jpegOrientation(b)
	case "png":
		return pngOrientation(b)
	case "webp":
		return webpOrientation(b)
	}
	return 1
}

// pngOrientation reads the eXIf chunk (PNG, third edition, section 11.3.3.4), which
// may stand before the pixels or behind them.
func pngOrientation(b []byte) int {
	const head, check = 8, 4 // length and name before the data, CRC-32 after it
	for at := 8; at+head+check <= len(b); {
		size := binary.BigEndian.Uint32(b[at:])
		if uint64(size) > uint64(len(b)-at-head-check) {
			return 1
		}
		data := b[at+head : at+head+int(size)]
		if string(b[at+4:at+head]) == "eXIf" {
			if crc32.ChecksumIEEE(b[at+4:at+head+int(size)]) != binary.BigEndian.Uint32(b[at+head+int(size):]) {
				return 1
			}
			return tiffOrientation(data)
		}
		at += head + int(size) + check
	}
	return 1
}

// webpOrientation reads the EXIF chunk (RFC 9649, section 2.7.1.5). Some writers
// begin it as JPEG does.
func webpOrientation(b []byte) int {
	for at := 12; at+8 <= len(b); {
		size := uint64(binary.LittleEndian.Uint32(b[at+4:]))
		body := b[at+8:]
		if size > uint64(len(body)) {
			return 1
		}
		if string(b[at:at+4]) == "EXIF" {
			return tiffOrientation(bytes.TrimPrefix(body[:size], []byte("Exif\x00\x00")))
		}
		at += 8 + int(size+size&1)
	}
	return 1
}

func jpegOrientation(jpeg []byte) int {
	for at := 2; at+4 <= len(jpeg) && jpeg[at] == 0xff; {
		marker := jpeg[at+1]
		if marker == 0xff { // fill byte
			at++
			continue
		}
		if marker == 0xda || marker == 0xd9 { // scan data or the end
			return 1
		}
		size := int(binary.BigEndian.Uint16(jpeg[at+2:])) // counts its own two bytes
		if size < 2 || at+2+size > len(jpeg) {
			return 1
		}
		segment := jpeg[at+4 : at+2+size]
		if marker == 0xe1 && len(segment) >= 6 && string(segment[:6]) == "Exif\x00\x00" {
			return tiffOrientation(segment[6:])
		}
		at += 2 + size
	}
	return 1
}

// tiffOrientation reads tag 0x0112 of the first directory of a TIFF block.
func tiffOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder
	switch string(b[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 1
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	entries := b[at+2:]
	for range min(int(order.Uint16(b[at:])), maxExifEntries) {
		if len(entries) < 12 {
			return 1
		}
		const short = 3
		if order.Uint16(entries) == 0x0112 && order.Uint16(entries[2:]) == short && order.Uint32(entries[4:]) == 1 {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 1
		}
		entries = entries[12:]
	}
	return 1
}

// orient turns a picture upright. The orientation o, 1 to 8, says which side
// of the scene the picture's first row and first column show; 1 returns img
// itself.
func orient(img *image.NRGBA, o int) *image.NRGBA {
	if o <= 1 || o > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	ow, oh := w, h
	if o >= 5 {
		ow, oh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := x, y
			switch o {
			case 2: // mirrored
				sx = w - 1 - x
			case 3: // turned by 180 degrees
				sx, sy = w-1-x, h-1-y
			case 4: // upside down, mirrored
				sy = h - 1 - y
			case 5: // transposed
				sx, sy = y, x
			case 6: // to be turned clockwise
				sx, sy = y, h-1-x
			case 7: // transposed along the other diagonal
				sx, sy = w-1-y, h-1-x
			case 8: // to be turned counterclockwise
				sx, sy = w-1-y, x
			}
			*(*[4]byte)(out.Pix[y*out.Stride+4*x:]) = [4]byte(img.Pix[sy*img.Stride+4*sx:])
		}
	}
	return out
}
