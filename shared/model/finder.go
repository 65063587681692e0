package model

import (
	"mien/shared/device"
	"mien/shared/face"
)

// LoadFinder compiles the networks that find faces for d, the detector in detector as
// often as given, so that views of a large photo are searched side by side.
func LoadFinder(detector, mesh *File, d device.Device, detectors int) (*face.Finder, error) {
	m, err := LoadMesh(mesh, d)
	if err != nil {
		return nil, err
	}
	all := make([]face.Detector, max(detectors, 1))
	for i := range all {
		if all[i], err = LoadDetector(detector, d); err != nil {
			return nil, err
		}
	}
	return face.NewFinder(m, all...), nil
}
