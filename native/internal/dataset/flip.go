package dataset

import frame "mien/shared/face"

// Mirrored holds, for each of the 68 landmarks, the landmark that takes its
// place in a mirror.
var Mirrored = frame.Mirrored

// Flip returns the mirror images of img [S S 3] and of landmarks (nil stays
// nil). Labels and changes are the same in a mirror.
func Flip(img []uint8, size int, landmarks *[68][2]float32) ([]uint8, *[68][2]float32) {
	out := make([]uint8, len(img))
	for y := range size {
		row, to := img[y*size*3:(y+1)*size*3], out[y*size*3:]
		for x := range size {
			copy(to[(size-1-x)*3:(size-x)*3], row[x*3:])
		}
	}
	if landmarks == nil {
		return out, nil
	}
	l := FlipLandmarks(*landmarks)
	return out, &l
}

// FlipLandmarks returns the landmarks of the mirrored 128 x 128 crop.
func FlipLandmarks(landmarks [68][2]float32) [68][2]float32 {
	var l [68][2]float32
	for k, from := range Mirrored {
		l[k] = [2]float32{127 - landmarks[from][0], landmarks[from][1]}
	}
	return l
}

// Eyes returns the centres of the eyes, left in the picture first, in every
// 128 x 128 crop: where the alignment of the data puts them, and where a mirror
// does.
func Eyes(mirrored bool) [2][2]float32 {
	left, right := float32(frame.LeftEyeX), float32(frame.RightEyeX)
	if mirrored {
		left, right = 127-right, 127-left
	}
	return [2][2]float32{{left, frame.EyeY}, {right, frame.EyeY}}
}
