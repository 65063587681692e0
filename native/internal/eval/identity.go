package eval

import (
	"context"
	"fmt"
	"math"
	"sort"

	"mien/native/internal/dataset"
	"mien/native/internal/metric"
	"mien/shared/pixel"
	"mien/shared/tensor"
)

// mostPairs bounds how many pairs of one person's photos are compared.
const mostPairs = 2000

// verify measures an embedder: pairs of photos of one person against as many
// pairs of two people. nil without an embedder or without a person who is there
// twice.
func (b *bench) verify(ctx context.Context, faces dataset.Source) (*Identity, error) {
	if b.embedder == nil {
		return nil, nil
	}
	var codes [][]float32
	var who []string
	for i := range faces.Len() {
		raw, _, _, person, err := faces.Sample(i)
		if err != nil {
			continue
		}
		f, err := b.embedder.Features(ctx, pixel.ToTensor(picture(raw, faces.Size())))
		if err != nil {
			return nil, fmt.Errorf("face %d: %w", i, err)
		}
		codes, who = append(codes, f), append(who, person)
	}
	var same, other []float64
	for i := range codes {
		for j := range i {
			if who[i] == who[j] && len(same) < mostPairs {
				same = append(same, cosine(codes[i], codes[j]))
			}
		}
	}
	r := tensor.NewRand(1, 1, 0, 0)
	for range 100 * len(same) {
		if i, j := r.Intn(len(codes)), r.Intn(len(codes)); who[i] != who[j] && len(other) < len(same) {
			other = append(other, cosine(codes[i], codes[j]))
		}
	}
	if len(same) == 0 || len(same) != len(other) {
		return nil, nil
	}
	id := &Identity{Embedder: metric.EmbedderName, Pairs: 2 * len(same), Accuracy: separable(same, other)}
	for i := range same {
		id.Same += same[i] / float64(len(same))
		id.Other += other[i] / float64(len(other))
	}
	return id, nil
}

// separable is the share of values that the best threshold puts on their side.
func separable(high, low []float64) float64 {
	all := append(append([]float64(nil), high...), low...)
	isHigh := make([]bool, len(all))
	order := make([]int, len(all))
	for i := range order {
		order[i], isHigh[i] = i, i < len(high)
	}
	sort.Slice(order, func(i, j int) bool { return all[order[i]] < all[order[j]] })
	right, best := len(high), len(high) // threshold below everything
	for _, i := range order {
		if isHigh[i] {
			right--
		} else {
			right++
		}
		best = max(best, right)
	}
	return float64(best) / float64(len(all))
}

// cosine of two embeddings.
func cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(math.Max(aa*bb, 1e-12))
}
