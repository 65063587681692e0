package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mien/native/internal/checkpoint"
	"mien/native/internal/prior"
	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/edit"
	"mien/shared/face"
	"mien/shared/layer"
	"mien/shared/model"
	"mien/shared/pixel"
	"mien/shared/rig"
	"mien/weights"
)

// maxPhoto bounds a photo's file, in bytes.
const maxPhoto = 256 << 20

func editCommand() *cobra.Command {
	var in, out, change, leftOnly, rightOnly, file, processor, eyes string
	var number int
	var half, plain bool
	cmd := &cobra.Command{
		Use:     "edit --in PHOTO --au CODE=CHANGE,... --out FILE.png",
		Short:   "Change the expression on a photo",
		Long:    "Change the expression on a face of a photo, the largest unless --face or --eyes says another. Each Action Unit takes a change of intensity, -5 to 5;\nno change gives the photo back, pixel for pixel.",
		Example: "  mien edit --in photo.jpg --au 12=3,6=2 --out smile.png",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			v, err := au.Parse(change)
			if err != nil {
				return usage(err, "for example --au 12=3,6=2")
			}
			left, right := v, v
			for _, half := range []struct {
				text string
				of   *au.Vector
			}{{leftOnly, &left}, {rightOnly, &right}} {
				d, err := au.Parse(half.text)
				if err != nil {
					return usage(err, "for example --left 2=3")
				}
				*half.of = half.of.Add(d)
			}
			if eyes != "" && number != 1 {
				return usage(errors.New("--face and --eyes: want one of them"), "")
			}
			if !strings.EqualFold(filepath.Ext(out), ".png") {
				return usage(fmt.Errorf("output %q: want a name that ends in .png", out), "")
			}
			d, why, err := choose(processor, halfOptions(half)...)
			if err != nil {
				return err
			}
			defer closeDevice(d, &err)
			if processor != "cpu" {
				fmt.Fprintln(cmd.ErrOrStderr(), "device:", why)
			}
			swap := edit.NewSwap(d)
			if file != "" {
				f, err := editorFile(file)
				if err != nil {
					return err
				}
				if err := use(cmd.Context(), swap, f); err != nil {
					return err
				}
			}
			reader, err := shippedReader()
			if err != nil {
				return err
			}
			e, faces, _, err := open(cmd.Context(), in, eyes, swap, reader)
			if err != nil {
				return err
			}
			e.Plain = plain
			if number < 1 || number > faces {
				return usage(fmt.Errorf("face %d: the photo has %d", number, faces), "1 is the largest")
			}
			if number > 1 {
				if _, err := e.Choose(cmd.Context(), number-1); err != nil {
					return err
				}
			}
			if file == "" {
				if err := rigOrGenerator(cmd.Context(), e, swap); err != nil {
					return err
				}
			}
			picture, err := e.PictureSides(cmd.Context(), left, right)
			if err != nil {
				return err
			}
			var encoded bytes.Buffer
			if err := png.Encode(&encoded, picture); err != nil {
				return err
			}
			return checkpoint.WriteFile(out, encoded.Bytes())
		},
	}
	f := cmd.Flags()
	f.StringVar(&in, "in", "", "photo: png, jpeg, gif, bmp or webp")
	halfFlag(f, &half)
	deviceFlag(f, &processor, "cpu") // draws one face sooner than a GPU starts
	f.StringVar(&change, "au", "", "changes of intensity, such as 12=3,6=2")
	f.StringVar(&leftOnly, "left", "", "changes of the face's half at the picture's left alone, in addition")
	f.StringVar(&rightOnly, "right", "", "changes of the face's half at the picture's right alone, in addition")
	f.StringVar(&out, "out", "", "picture to write, .png")
	f.StringVar(&file, "model", "", `generator or prior that paints the face, "generator" and "prior" are the shipped ones (default: the shipped rig moves it)`)
	plainFlag(f, &plain)
	f.IntVar(&number, "face", 1, "which face, 1 is the largest")
	eyesFlag(f, &eyes)
	must(cmd, "in", "out")
	return cmd
}

func plainFlag(f *pflag.FlagSet, plain *bool) {
	f.BoolVar(plain, "plain", false, "tell the generator what is asked; without it a face that moves less than others is asked for more")
}

func eyesFlag(f *pflag.FlagSet, eyes *string) {
	f.StringVar(eyes, "eyes", "", "where the face's eyes are, in pixels: x,y,x,y. For a face that is not found, or found crooked")
}

func readCommand() *cobra.Command {
	var in, file, eyes, mesh string
	cmd := &cobra.Command{
		Use:     "read --in PHOTO",
		Short:   "Read the Action Units of a photo",
		Example: "  mien read --in photo.jpg\n  mien read --in photo.jpg --mesh mesh.json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f, err := modelOr(file, model.KindReader)
			if err != nil {
				return err
			}
			reader, err := model.LoadReader(f, cpu.New())
			if err != nil {
				return data(err, "see mien inspect")
			}
			e, _, read, err := open(cmd.Context(), in, eyes, edit.NewSwap(cpu.New()), reader)
			if err != nil {
				return err
			}
			if mesh != "" {
				if err := writeMesh(mesh, e); err != nil {
					return err
				}
			}
			for i, u := range au.Units {
				fmt.Fprintf(cmd.OutOrStdout(), "AU%s  %.2f  %s\n", u.Code, read[i], u.Name)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&in, "in", "", "photo: png, jpeg, gif, bmp or webp")
	cmd.Flags().StringVar(&file, "model", "", "reader to use (default: the shipped one)")
	cmd.Flags().StringVar(&mesh, "mesh", "", "file for the face's 478 points, .json")
	eyesFlag(cmd.Flags(), &eyes)
	must(cmd, "in")
	return cmd
}

// rigOrGenerator brings the shipped rig, and the painter of mouths where one is
// shipped. A face of which only the eyes are known is painted by the shipped
// generator.
func rigOrGenerator(ctx context.Context, e *edit.Editor, swap *edit.Swap) error {
	f, err := modelOr("", model.KindRig)
	if err != nil {
		return err
	}
	r, err := rig.Load(f)
	if err != nil {
		return data(err, "see mien inspect")
	}
	var painter layer.Painter
	if b, err := weights.Shipped(model.KindMouth); err == nil {
		f, err := model.Decode(b)
		if err != nil {
			return err
		}
		if painter, err = model.LoadMouth(f, cpu.New()); err != nil {
			return err
		}
	}
	e.SetRigging(edit.NewRigging(r, painter))
	if e.Layered() {
		return nil
	}
	g, err := modelOr("", model.KindGenerator)
	if err != nil {
		return err
	}
	return use(ctx, swap, g)
}

// use makes the generator or the prior in f the one to edit with.
func use(ctx context.Context, swap *edit.Swap, f *model.File) error {
	if prior.IsFile(f) {
		d, err := priorDrawer(f)
		if err != nil {
			return err
		}
		_, err = swap.Use(ctx, d)
		return err
	}
	b, err := f.Encode()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	if _, err := swap.Load(ctx, b, hex.EncodeToString(sum[:])); err != nil {
		return data(err, "see mien inspect")
	}
	return nil
}

// must makes flags required.
func must(cmd *cobra.Command, names ...string) {
	run := cmd.RunE
	cmd.RunE = func(c *cobra.Command, args []string) error {
		for _, name := range names {
			if v := c.Flag(name).Value.String(); v == "" || v == "[]" {
				return usage(fmt.Errorf("flag --%s is missing", name), fmt.Sprintf("see %s --help", c.CommandPath()))
			}
		}
		return run(c, args)
	}
}

// open reads a photo and finds its face, or takes the one that has its eyes at eyes
// ("x,y,x,y") unless that is empty.
func open(ctx context.Context, path, eyes string, swap *edit.Swap, reader *model.Reader) (e *edit.Editor, faces int, read au.Vector, err error) {
	marks, err := parseEyes(eyes)
	if err != nil {
		return nil, 0, read, usage(err, "for example --eyes 210,180,290,176")
	}
	img, err := photo(path)
	if err != nil {
		return nil, 0, read, err
	}
	finder, err := shippedFinder()
	if err != nil {
		return nil, 0, read, err
	}
	e = edit.New(swap, reader, finder)
	if marks != nil {
		if _, err := e.SetFrame(ctx, img, face.CentreFrame(img.Rect.Dx(), img.Rect.Dy())); err != nil {
			return nil, 0, read, err
		}
		if read, err = e.Mark(ctx, *marks); err != nil {
			return nil, 0, read, usage(err, "give the eyes' centres in pixels of the photo, from its left upper corner")
		}
		return e, 1, read, nil
	}
	found, read, err := e.SetPhoto(ctx, img)
	if errors.Is(err, face.ErrNoFace) {
		return nil, 0, read, data(fmt.Errorf("no face found in %q", path), "say where its eyes are with --eyes x,y,x,y, or give a photo in which the face is larger")
	}
	return e, len(found), read, err
}

// parseEyes reads two points, "x,y,x,y"; nil of nothing.
func parseEyes(text string) (*[2][2]float64, error) {
	if text == "" {
		return nil, nil
	}
	parts := strings.Split(text, ",")
	if len(parts) != 4 {
		return nil, fmt.Errorf("eyes %q: want four numbers", text)
	}
	var eyes [2][2]float64
	for i, part := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(part), 64)
		if err != nil {
			return nil, fmt.Errorf("eyes %q: %q is no number", text, part)
		}
		eyes[i/2][i%2] = v
	}
	return &eyes, nil
}

func photo(path string) (*image.NRGBA, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPhoto {
		return nil, data(fmt.Errorf("read %q: %d bytes, at most %d are read", path, info.Size(), maxPhoto), "")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	img, err := pixel.Decode(b)
	if err != nil {
		return nil, data(fmt.Errorf("read %q: %w", path, err), "give a png, jpeg, gif, bmp or webp picture")
	}
	return img, nil
}

// shippedFinder returns the finder of the shipped detector and face mesh, its views
// spread over all processors.
func shippedFinder() (*face.Finder, error) {
	var files [2]*model.File
	for i, kind := range [...]string{model.KindDetector, model.KindMesh} {
		b, err := weights.Shipped(kind)
		if err != nil {
			return nil, err
		}
		if files[i], err = model.Decode(b); err != nil {
			return nil, err
		}
	}
	return model.LoadFinder(files[0], files[1], cpu.New(), runtime.GOMAXPROCS(0))
}

// shippedReader returns the reader that puts frames right; none in weights/ is
// no error.
func shippedReader() (*model.Reader, error) {
	b, err := weights.Shipped(model.KindReader)
	if err != nil {
		return nil, nil
	}
	f, err := model.Decode(b)
	if err != nil {
		return nil, err
	}
	return model.LoadReader(f, cpu.New())
}

// modelOr reads the model at path, or the shipped one of the given kind.
func modelOr(path, kind string) (*model.File, error) {
	if path != "" {
		return readModel(path)
	}
	b, err := weights.Shipped(kind)
	if err != nil {
		return nil, data(err, "train one with mien train, then give --model FILE")
	}
	return model.Decode(b)
}
