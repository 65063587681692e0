package train

import (
	"testing"

	"mien/native/internal/prior"
	"mien/shared/au"
)

// TestLesson has a teacher overdo what a generator falls short of, and leaves what
// is asked as it is where pictures are exact or nothing is overdone.
func TestLesson(t *testing.T) {
	k, l := au.Index("06"), au.Index("12")
	var ask au.Vector
	ask[k], ask[l] = 2, 2
	if short[k] == 1 || short[l] != 1 {
		t.Fatalf("AU06 and AU12 are taught %g and %g fold, want more of the first alone", short[k], short[l])
	}
	for name, c := range map[string]struct {
		feed feed
		want [2]float32
	}{
		"overdone":      {feed{teacher: &prior.Prior{}, overdo: overdone}, [2]float32{2 * overdone * short[k], 2 * overdone}},
		"as asked":      {feed{teacher: &prior.Prior{}}, [2]float32{2, 2}},
		"exact picture": {feed{overdo: overdone}, [2]float32{2, 2}},
	} {
		if got := c.feed.lesson(ask); got[k] != c.want[0] || got[l] != c.want[1] {
			t.Errorf("%s: taught %g and %g, want %v", name, got[k], got[l], c.want)
		}
	}
}
