package synth

// folds paints what expressions do to the skin away from the features.
func (d *drawing) folds() {
	id, l := d.id, d.l
	dark := id.skin.times(.5)
	deep := func(code string) float32 { return d.on(code) * id.crease }
	for side := range 2 {
		s := float32(2*side - 1) // outwards
		wing, corner := l[31+4*side], l[48+6*side]
		outerEye := l[36+9*side]
		chin := l[8]

		// cheek raised by the orbicularis: a lit ball, a fold below the eye, crow's feet
		if a := deep("06"); a > 0 {
			cheek := d.rest[36+9*side].add(-s*1, 17-4*d.on("06"))
			d.glow(cheek, 8, 5, .2*a)
			d.glow(cheek.add(0, 9), 9, 3, -.16*a)
			for i := -1; i <= 1; i++ {
				k := float32(i)
				d.stroke([]point{outerEye.add(s*2.5, k*1.5), outerEye.add(s*5, k*2.6), outerEye.add(s*8, k*4.6)}, 1.1, dark, .9*a)
			}
		}
		// nasolabial fold: smile, raised lip, wrinkled nose, pressed corner
		fold := max(d.on("12"), .9*d.on("10"), .8*d.on("09"), .35*d.on("14"), .3*d.on("20")) * id.crease
		faint := .12 * id.crease
		top := wing.add(s*2.5, -3)
		bow := between(top, corner, .55).add(s*(4+3*d.on("12")), -1)
		end := corner.add(s*4.5, 1-2*d.on("12"))
		d.stroke([]point{top, bow, end}, 1.5+fold, dark, min(faint+.85*fold, .95))
		d.glow(bow.add(s*5, -2), 5, 5, .1*fold)
		// raised upper lip: shade beside the nose
		if a := deep("10"); a > 0 {
			d.glow(wing.add(s*1, 5), 3.5, 3, -.3*a)
		}
		// dimple beside the corner
		if a := deep("14"); a > 0 {
			d.tint(corner.add(s*4.5, 0), 1.6, 2.6, dark, .9*a)
			d.glow(corner.add(s*8, 0), 2.5, 4, .12*a)
		}
		// depressed corner: a fold down towards the chin
		if a := deep("15"); a > 0 {
			d.stroke([]point{corner.add(s*1.2, .5), corner.add(s*2.4, 4), corner.add(s*1.4, 8.5)}, 2, dark, .85*a)
		}
		// stretched corner: upright folds outside of it
		if a := deep("20"); a > 0 {
			d.stroke([]point{corner.add(s*4, -4), corner.add(s*5.2, 1), corner.add(s*4.2, 6)}, 1.4, dark, .7*a)
			d.stroke([]point{corner.add(s*7.5, -2), corner.add(s*8.5, 2), corner.add(s*7.5, 6)}, 1.1, dark, .5*a)
		}
		// dropped jaw: hollow cheeks
		if a := deep("26"); a > 0 {
			d.glow(corner.add(s*13, -4), 4, 12, -.2*a)
		}
		// raised chin: a curved fold below the lip
		if a := deep("17"); a > 0 && side == 0 {
			d.stroke([]point{chin.add(-10, -12), chin.add(0, -15.5), chin.add(10, -12)}, 1.8, dark, .8*a)
			d.glow(chin.add(0, -9), 7, 4, .12*a)
			for i := -1; i <= 1; i++ {
				d.tint(chin.add(5*float32(i), -8), 1.1, 1.1, dark, .5*a)
				d.tint(chin.add(5*float32(i)+2.5, -5), 1.1, 1.1, dark, .4*a)
			}
		}
		// outer forehead lines
		if a := deep("02"); a > 0 {
			for i := range 2 {
				b := l[18+7*side].add(0, -7-5*float32(i))
				d.stroke([]point{b.add(-s*6, -1), b, b.add(s*5, 1.5)}, 1.3, dark, .7*a)
			}
		}
	}
	// inner forehead lines
	if a := deep("01"); a > 0 {
		for i := range 3 {
			y := (l[21][1]+l[22][1])/2 - 6 - 4.5*float32(i)
			x := (l[21][0] + l[22][0]) / 2
			d.stroke([]point{{x - 14, y + .8}, {x - 6, y - .8}, {x, y + .4}, {x + 6, y - .8}, {x + 14, y + .8}}, 1.3, dark, .75*a)
		}
	}
}

// frown paints the upright lines between lowered brows.
func (d *drawing) frown() {
	a := d.on("04") * d.id.crease
	if a == 0 {
		return
	}
	dark := d.id.skin.times(.42)
	a0, b0 := d.l[21], d.l[22]
	x := (a0[0] + b0[0]) / 2
	y := (a0[1] + b0[1]) / 2
	d.glow(point{x, y - 1}, 6, 5, -.15*a)
	for _, s := range [2]float32{-1, 1} {
		d.stroke([]point{{x + s*3.2, y - 7}, {x + s*2.4, y - 1}, {x + s*3, y + 5}}, 1.6, dark, .95*a)
	}
}
