package layer

// Tables are what table.go holds.
func Tables() ([][3]uint16, [][2]float32) { return skinTriangles[:], frameUV[:] }
