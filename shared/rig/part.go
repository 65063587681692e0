package rig

// eye is the margins of an eye's lids: pairs that meet when it closes, from the
// outer corner.
type eye struct {
	upper, lower [7]int
	outer, inner int
}

// eyes are that on the picture's left and that on its right.
var eyes = [2]eye{
	{[7]int{246, 161, 160, 159, 158, 157, 173}, [7]int{7, 163, 144, 145, 153, 154, 155}, 33, 133},
	{[7]int{466, 388, 387, 386, 385, 384, 398}, [7]int{249, 390, 373, 374, 380, 381, 382}, 263, 362},
}

// lips are the pairs of the inner rim that meet when the mouth closes, upper
// and lower, from the picture's left; the corners are lipEnds.
var (
	lips    = [9][2]int{{191, 95}, {80, 88}, {81, 178}, {82, 87}, {13, 14}, {312, 317}, {311, 402}, {310, 318}, {415, 324}}
	lipEnds = [2]int{78, 308}
)

// Action Units that have rules, as places in au.Units.
const (
	au05, au06, au07       = 3, 4, 5
	au10, au12, au17, au23 = 7, 8, 11, 13
	au25, au26, au45       = 14, 15, 16
)
