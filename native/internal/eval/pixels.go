package eval

import "image"

// picture makes an image of [S S 3] bytes.
func picture(img []uint8, size int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, size, size))
	for i := range size * size {
		copy(out.Pix[4*i:], img[3*i:3*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// border is the mean square difference in the outer tenth, of 0 to 1, but for
// the middle half of its bottom: the chin lies there (at 115.8 of 128 pixels in
// the mean, see the frame), and a jaw that drops moves it, which is no fault.
func border(a, b *image.NRGBA) float64 {
	size := a.Rect.Dx()
	sum, n := 0.0, 0
	for i := range size * size {
		x, y := i%size, i/size
		if margin := size / 10; x >= margin && y >= margin && x < size-margin && y < size-margin {
			continue
		} else if y >= size-margin && x >= size/4 && x < size-size/4 {
			continue
		}
		for c := range 3 {
			d := (float64(a.Pix[4*i+c]) - float64(b.Pix[4*i+c])) / 255
			sum += d * d
			n++
		}
	}
	return sum / float64(n)
}

// apart is the mean absolute difference, of 0 to 1.
func apart(a, b *image.NRGBA) float64 {
	sum, n := 0, 0
	for i := range a.Pix {
		if i%4 < 3 {
			d := int(a.Pix[i]) - int(b.Pix[i])
			sum += max(d, -d)
			n++
		}
	}
	return float64(sum) / 255 / float64(n)
}

// edges is the mean square of the Laplacian of green.
func edges(img *image.NRGBA) float64 {
	size, sum := img.Rect.Dx(), 0.0
	at := func(x, y int) float64 { return float64(img.Pix[4*(y*size+x)+1]) }
	for y := 1; y < size-1; y++ {
		for x := 1; x < size-1; x++ {
			l := 4*at(x, y) - at(x-1, y) - at(x+1, y) - at(x, y-1) - at(x, y+1)
			sum += l * l
		}
	}
	return sum / float64((size-2)*(size-2))
}
