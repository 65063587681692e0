package edit

import (
	"math"

	"mien/shared/face"
	"mien/shared/tensor"
)

// A network paints the teeth of a mouth that it opens as the mean of all that it has seen:
// one white plate. They are told apart here, at the widths that teeth have.

const (
	// incisor is how wide a central incisor is, in parts of the distance between the eyes:
	// 8.5 mm (Wheeler's Dental Anatomy) of 63 (Dodgson, Variation and extrema of human
	// interpupillary distance, 2004), means of adults.
	incisor = 8.5 / 63

	// eyes is that distance, and wide such a tooth, in half frames.
	eyes = (face.RightEyeX - face.LeftEyeX) * 2 / face.FrameSize
	wide = incisor * eyes

	// between is how much darker teeth are where they meet than in their middle, rounded as
	// they are. In the mean they stay as light: darker ones are read as less of an open mouth.
	between = .4

	// Paint in a mouth is tooth from toothFrom of the skin's light on, in full from toothTo;
	// the dark inside has a fifth of it.
	toothFrom, toothTo = .4, .7

	// mouthFrom is where the mouth begins, in half frames below the middle.
	mouthFrom = .2

	// fewest is the least paint that has teeth, in parts of a field: that of one tooth. Twice
	// as much has them in full.
	fewest = .0006

	// finer is how many places of a pixel are looked at.
	finer = 4
)

// seenWidth are the widths of teeth from the middle outwards, in central incisors, as
// they are seen from in front; those after the last are as wide as it.
var seenWidth = [...]float32{1, .77, .8, .6, .5}

// teeth tells apart the teeth that the field, of the crop [1 S S 3], paints into a mouth.
func (f Field) teeth(crop *tensor.Tensor) {
	skin := Skin(crop.Data, crop.Shape[1])
	white := make([]float32, f.Size*f.Size) // how much of a tooth's
	var sum, first float32
	for i := range white {
		if f.Mask[i] == 0 || float32(2*(i/f.Size)+1)/float32(f.Size)-1 < mouthFrom {
			continue
		}
		c := f.Colour[3*i : 3*i+3]
		white[i] = part((c[0]+c[1]+c[2]+3)/6/skin, toothFrom, toothTo)
		x, w := float32(2*(i%f.Size)+1)/float32(f.Size)-1, white[i]*f.Mask[i]
		sum, first = sum+w, first+w*x
	}
	amount := between * part(sum/float32(len(white)), fewest, 2*fewest)
	if amount == 0 {
		return
	}
	middle := first / sum // of a face that is turned, too, about
	for i, w := range white {
		if w == 0 {
			continue
		}
		dark := float32(0)
		for k := range finer {
			x := (2*float32(i%f.Size)+(2*float32(k)+1)/finer)/float32(f.Size) - 1
			dark += meeting(x-middle) / finer
		}
		for c := range 3 {
			f.Colour[3*i+c] = min((f.Colour[3*i+c]+1)*(1+amount*w*(meanMeeting-dark))-1, 1)
		}
	}
}

// meanMeeting is the mean of meeting over a tooth.
const meanMeeting = 1. / 5

// meeting is 0 in the middle of a tooth and 1 where two meet, x half frames from the
// middle of a mouth.
func meeting(x float32) float32 {
	x = float32(math.Abs(float64(x))) / wide
	for k, w := range seenWidth {
		if x < w || k == len(seenWidth)-1 {
			x = float32(math.Mod(float64(x), float64(w)))
			s := 2*x/w - 1
			return s * s * s * s
		}
		x -= w
	}
	return 0
}
