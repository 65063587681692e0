package rigfit

// Licence is that of a rig fitted on photos of people.
const Licence = "non-commercial research"

// PictureSize is the side of the pictures that folds are learnt from, pixels.
const PictureSize = 128
