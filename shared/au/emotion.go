package au

// Emotion is a named set of Action Units.
type Emotion struct {
	Name  string
	Codes []string
}

// Emotions lists the emotions of the reference experiments with the Action
// Units that they raise.
var Emotions = []Emotion{
	{"joy", []string{"06", "12"}},
	{"sadness", []string{"01", "04", "15"}},
	{"surprise", []string{"01", "02", "05", "26"}},
	{"fear", []string{"01", "02", "04", "05", "07", "20", "26"}},
	{"anger", []string{"04", "05", "07", "23"}},
	{"contempt", []string{"12", "14"}},
}

// Clear is the intensity at which an emotion is plain to see and still one that people
// show: at 3 in each of four to seven Action Units faces grimace.
const Clear = 2

// Vector returns the emotion with each of its Action Units at intensity.
func (e Emotion) Vector(intensity float32) Vector {
	var v Vector
	for _, c := range e.Codes {
		v[Index(c)] = intensity
	}
	return v
}
