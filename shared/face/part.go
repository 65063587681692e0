package face

// Parts of a mesh as indices of its points. Right and Left are the person's:
// what is Right stands on the picture's left side.
var (
	// Oval is the face's outline, from the middle of the forehead clockwise in the picture.
	Oval = [...]int{10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
		152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109}

	// LipsOuter and LipsInner are the rims of the lips, from the person's right
	// corner along the lower lip and back along the upper one.
	LipsOuter = [...]int{61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185}
	LipsInner = [...]int{78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191}

	// RightEye and LeftEye are the margins of the lids, from the outer corner along
	// the lower lid and back along the upper one.
	RightEye = [...]int{33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246}
	LeftEye  = [...]int{263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466}

	// RightBrow and LeftBrow are the lower and the upper edge of the brows, each
	// from the outer end.
	RightBrow = [...]int{46, 53, 52, 65, 55, 70, 63, 105, 66, 107}
	LeftBrow  = [...]int{276, 283, 282, 295, 285, 300, 293, 334, 296, 336}

	// Nose is the nose's ridge and tip, its lower edge and its wings.
	Nose = [...]int{168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 98, 97, 326, 327, 129, 358, 48, 278}

	// RightIris and LeftIris are the irises, the middle first.
	RightIris = [IrisPoints]int{468, 469, 470, 471, 472}
	LeftIris  = [IrisPoints]int{473, 474, 475, 476, 477}
)
