package synth

// eyeCentre is the middle of an eye, image left first.
func (d *drawing) eyeCentre(side int) point {
	return between(d.rest[36+6*side], d.rest[39+6*side], .5)
}

func (d *drawing) eye(side int) {
	id := d.id
	e := d.at(36+6*side, 41+6*side)
	upper := []point{e[0], e[1], e[2], e[3]}
	lower := []point{e[3], e[4], e[5], e[0]}
	rest := d.rest[36+6*side : 42+6*side]
	// The lid: skin in shade between its fold, which stays, and its edge.
	fold := []point{rest[0].add(0, -1), rest[1].add(0, -3.2), rest[2].add(0, -3.2), rest[3].add(0, -1)}
	open := d.on("05")
	drop := d.on("45")
	d.fill(loop(fold, []point{e[3], e[2], e[1], e[0]}), id.skin.times(.84), .55+.25*drop)
	d.stroke(fold, 1.1, id.skin.times(.5), .55*(1-.5*open))
	shape := loop(upper, lower)
	d.fill(shape, colour{.93, .92, .91}, 1)
	d.within(shape, func() {
		c := d.eyeCentre(side).add(id.gaze[0], id.gaze[1]-.3)
		const r = 4.1
		d.fill(oval(c, r, r), id.iris.times(.5), 1)
		d.fill(oval(c, r-.8, r-.8), id.iris, 1)
		d.fill(oval(c, 1.6, 1.6), colour{.03, .03, .03}, 1)
		d.fill(oval(c.add(1.2*sign(id.light[0]), -1.3), .9, .9), colour{1, 1, 1}, .9)
		d.glow(point{c[0], min(e[1][1], e[2][1])}, 12, 1.3, -.4)
	})
	dark := id.hair.mix(colour{.08, .05, .05}, .6)
	d.stroke(upper, 1.5+.8*id.lashes, dark, .95)
	d.stroke(lower, .9, id.skin.times(.45), .55+.25*drop)
	if tight := max(d.on("07"), .6*d.on("06")); tight > 0 { // a bag under the lower lid
		under := []point{e[0].add(2, 3), e[5].add(0, 3.2), e[4].add(0, 3.2), e[3].add(-2, 2.6)}
		if side == 1 {
			under = []point{e[0].add(2, 2.6), e[5].add(0, 3.2), e[4].add(0, 3.2), e[3].add(-2, 3)}
		}
		d.stroke(under, 1.5, id.skin.times(.5), .75*tight*id.crease)
	}
}

func sign(x float32) float32 {
	switch {
	case x < 0:
		return -1
	case x > 0:
		return 1
	}
	return 0
}

func (d *drawing) eyebrow(side int) {
	b := d.at(17+5*side, 21+5*side)
	inner, outer := b[4], b[0]
	if side == 1 {
		inner, outer = b[0], b[4]
	}
	w := d.id.brow
	line := smooth(b)
	shape := make([]point, 0, 2*len(line))
	back := make([]point, 0, len(line))
	for _, p := range line { // thick at the inner end, thin at the outer one
		t := (p[0] - outer[0]) / (inner[0] - outer[0])
		h := w * (.25 + .75*min(max(t, 0), 1)) / 2
		shape = append(shape, p.add(0, -h+1))
		back = append(back, p.add(0, h+1))
	}
	for i := len(back) - 1; i >= 0; i-- {
		shape = append(shape, back[i])
	}
	d.fill(shape, d.id.hair.mix(colour{.15, .1, .08}, .3), .88)
}

func (d *drawing) nose() {
	id := d.id
	tip, left, right := d.l[30], d.l[31], d.l[35]
	shade := id.skin.times(.55)
	lit := id.light[0]
	d.glow(tip.add(-7*lit, -6), 3, 10, -.16*max(lit, -lit))
	d.glow(d.l[28], 1.8, 9, .1)
	d.glow(tip.add(0, -1), 3, 3, .14)
	for k, w := range [2]point{left, right} {
		s := float32(2*k - 1)
		d.fill(oval(w.add(-s*3.6, .8), 2.2, 1.1), id.skin.times(.25), .85) // nostril
		d.stroke([]point{w.add(-s*.5, -6), w.add(s*1.8, -2.2), w.add(s*.8, 1.2), w.add(-s*2, 1)}, 1.2, shade, .7)
	}
	d.stroke([]point{d.l[32].add(-1, 0), d.l[33].add(0, .8), d.l[34].add(1, 0)}, 1.1, shade, .55)
	if a := d.on("09"); a > 0 { // wrinkles across the bridge
		for i := range 3 {
			y := d.l[27][1] - 2 + 4.5*float32(i)
			x := d.l[27][0]
			d.stroke([]point{{x - 6, y + 1.6}, {x, y - .6}, {x + 6, y + 1.6}}, 1.3, shade, a*id.crease)
			d.stroke([]point{left.add(-2, -14+3.5*float32(i)), left.add(1.5, -12+3.5*float32(i))}, 1, shade, a*id.crease*.7)
			d.stroke([]point{right.add(2, -14+3.5*float32(i)), right.add(-1.5, -12+3.5*float32(i))}, 1, shade, a*id.crease*.7)
		}
	}
}

func (d *drawing) mouth() {
	id := d.id
	p := d.l[:]
	outer := loop([]point{p[48], p[49], p[50], p[51], p[52], p[53], p[54]}, []point{p[54], p[55], p[56], p[57], p[58], p[59], p[48]})
	upper := []point{p[60], p[61], p[62], p[63], p[64]}
	lower := []point{p[64], p[65], p[66], p[67], p[60]}
	inner := loop(upper, lower)
	tight := d.on("23")
	d.fill(outer, id.lips.mix(id.skin.times(.8), .5*tight), .95)
	d.within(outer, func() {
		d.glow(between(p[51], p[62], .5), 14, 1.4, -.14)
		d.glow(between(p[66], p[57], .5), 7, 1.6, .16)
	})
	d.glow(p[57].add(0, 3), 9, 1.8, -.16)
	gap := p[66][1] - p[62][1]
	d.fill(inner, colour{.16, .05, .05}, 1)
	if gap > .8 {
		d.within(inner, func() {
			// Upper teeth hang from the skull, lower ones and the tongue from the jaw.
			skull := d.rest[62][1] - 4
			d.fill(loop([]point{{p[60][0], skull}, {p[62][0], skull - 3}, {p[64][0], skull}}, []point{{p[64][0], skull + 5}, {p[62][0], skull + 8.2}, {p[60][0], skull + 5}}), colour{.95, .93, .89}, 1)
			d.fill(oval(point{p[66][0], p[66][1] + 2.5}, 9, min(gap*.35, 5)), colour{.72, .32, .32}, .9)
			d.glow(point{p[60][0], p[60][1]}, 4, 4, -.5)
			d.glow(point{p[64][0], p[64][1]}, 4, 4, -.5)
		})
	}
	d.stroke(upper, 1, colour{.3, .1, .1}, .8)
	corner := id.skin.times(.4)
	d.stroke([]point{p[48].add(-.5, -.2), p[48].add(.8, .1), p[60]}, 1.4, corner, .8)
	d.stroke([]point{p[54].add(.5, -.2), p[54].add(-.8, .1), p[64]}, 1.4, corner, .8)
	if tight > 0 { // short upright lines above and below the lips
		for i := -2; i <= 2; i++ {
			x := p[51][0] + 5*float32(i)
			d.stroke([]point{{x, p[51][1] - 5}, {x, p[51][1] - .5}}, 1, id.skin.times(.6), .5*tight*id.crease)
			d.stroke([]point{{x, p[57][1] + .5}, {x, p[57][1] + 4.5}}, 1, id.skin.times(.6), .45*tight*id.crease)
		}
	}
}
