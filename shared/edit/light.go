package edit

import (
	"math"

	"mien/shared/au"
	"mien/shared/tensor"
)

const (
	// border is the part of a crop, from each side, that is left out where the light of
	// the skin is measured: the rest is face, whoever's.
	border = .3

	// MostShade bounds a shade, softly, on a scale of -1 to 1, where one Action Unit is
	// asked for: deeper ones are read as more, and are smudges to the eye.
	MostShade = .16

	// OwnColour is how much of its colour a shade has from what it falls on: grey or
	// blue light leaves patches in warm skin, grey shadow does on a flushed cheek.
	OwnColour = .7

	// Steady is the part of a shadow that falls on all alike: multiplied whole, folds in
	// dark skin go unseen.
	Steady = .5

	// Room says how near to white a place must be to be lightened less: where it has less
	// than 1/Room of what the skin has left. At 1 pale patches in hard sunlight are
	// fainter still, and mouths are read as less open.
	Room = 2

	// MostColour bounds a colour against its light.
	MostColour = 2

	// LeastLight is the light below which nothing is told apart.
	LeastLight = .01
)

// Depth is how deep the shade of a change may be in each Zone.
type Depth [Zones]float32

// Deepest bounds the shade of a change: MostShade for one Action Unit, a root of n times
// less for n of them alike (the Euclidean over the sum norm), whose shades would add up
// to what none of them shows alone; in each zone they count as they shade it.
func Deepest(change au.Vector) (d Depth) {
	var sum float64
	for _, v := range change {
		sum += math.Abs(float64(v))
	}
	for z := range d {
		var squares float64
		for i, v := range change {
			part := float64(Shades[z][i]) * float64(v)
			squares += part * part
		}
		d[z] = float32(MostShade * (math.Sqrt(squares) + Slight) / (sum + Slight))
	}
	return d
}

// At is the depth at a place of a frame, -1 to 1.
func (d Depth) At(x, y float32) float32 {
	return d.across(y).at(x)
}

// row is the depth at a height: beside the nose and in its middle.
type row struct{ beside, onNose float32 }

// across is the row at the height y.
func (d Depth) across(y float32) (r row) {
	beside, onNose := ZonesAt(1, y), ZonesAt(0, y)
	for z, depth := range d {
		r.beside += beside[z] * depth
		r.onNose += onNose[z] * depth
	}
	return r
}

func (r row) at(x float32) float32 { return r.beside + (r.onNose-r.beside)*wings(x) }

// Slight is a change that does not matter: it keeps what Deepest divides by from 0.
const Slight = 1e-4

// Light turns shade, of at most deepest, into what it does to a place of colour seen, -1
// to 1, where skin is the light of the skin, 0 to 1 (see Skin): light multiplies what it
// falls on. What is
// darker than the skin - a brow, an iris, a side in shadow - is lightened and darkened
// less, what is nearly white has little left to be lightened by, and a shade takes most of
// its colour from the place. It is continuous in shade.
func Light(shade *[3]float32, seen [3]float32, skin, deepest float32) {
	for c, v := range shade {
		over := v / deepest
		shade[c] = v / float32(math.Sqrt(float64(1+over*over)))
	}
	light := max((seen[0]+seen[1]+seen[2]+3)/6, LeastLight)
	dimmed, more := min(light/skin, 1), (shade[0]+shade[1]+shade[2])/3
	part := func(shade float32) float32 {
		if shade < 0 {
			return Steady + (1-Steady)*dimmed
		}
		return min(dimmed, Room*(1-light)/(1-skin))
	}
	for c, v := range shade {
		own := more * min((seen[c]+1)/2/light, MostColour) // as much, in the place's own colour
		shade[c] = (1-OwnColour)*v*part(v) + OwnColour*own*part(more)
	}
}

// Skin is the light, 0 to 1, of the skin in a crop [side side 3] of -1 to 1: the mean of
// its middle.
func Skin(crop []float32, side int) float32 {
	sum, n := middle(crop, side)
	return min(max((sum[0]+sum[1]+sum[2])/(3*n), LeastSkin), MostSkin)
}

// cast is the colour of the skin that Skin measures, over its light.
func cast(crop []float32, side int) [3]float32 {
	sum, n := middle(crop, side)
	light := max((sum[0]+sum[1]+sum[2])/3, n*LeastLight)
	return [3]float32{sum[0] / light, sum[1] / light, sum[2] / light}
}

// middle sums the channels, 0 to 1, of the n pixels in the middle of a crop.
func middle(crop []float32, side int) (sum [3]float32, n float32) {
	from := SkinFrom(side)
	for y := from; y < side-from; y++ {
		for i, v := range crop[3*(y*side+from) : 3*(y*side+side-from)] {
			sum[i%3] += (v + 1) / 2
		}
		n += float32(side - 2*from)
	}
	return sum, n
}

// LeastSkin and MostSkin keep what Light divides by from 0.
const (
	LeastSkin = .1
	MostSkin  = .95
)

// SkinFrom is the first row and column of the crop's middle.
func SkinFrom(side int) int { return int(border * float32(side)) }

// light applies Light all over a field of the crop [1 S S 3], of a change that may shade
// so deep; it may be finer or coarser than the crop: a network shades at half of its
// resolution, and cannot leave out what is narrow. What is painted above the middle of a
// face is lid, and takes the skin's colour as a shade takes that of its place: networks
// paint lids grey in warm light.
func (f Field) light(crop *tensor.Tensor, deepest Depth) {
	side := crop.Shape[1]
	skin, cast := Skin(crop.Data, side), cast(crop.Data, side)
	photo := Field{Size: side}
	var depth row
	for i := range f.Size * f.Size {
		x, y := (2*float32(i%f.Size)+1)/float32(f.Size)-1, (2*float32(i/f.Size)+1)/float32(f.Size)-1
		if i%f.Size == 0 {
			depth = deepest.across(y)
		}
		if y < 0 { // paint above the middle of a face is lid
			lid := (*[3]float32)(f.Colour[3*i:])
			light := (lid[0] + lid[1] + lid[2] + 3) / 6
			for c, v := range lid {
				lid[c] = min((1-OwnColour)*v+OwnColour*(2*light*cast[c]-1), 1)
			}
		}
		shade := (*[3]float32)(f.Shade[3*i:])
		if *shade == ([3]float32{}) {
			continue
		}
		at := photo.locate(x+f.Warp[2*i], y+f.Warp[2*i+1])
		Light(shade, [3]float32{at.read(crop.Data, 3, 0), at.read(crop.Data, 3, 1), at.read(crop.Data, 3, 2)}, skin, depth.at(x))
	}
}
