package demo

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
)

// segments are the parts of a seven-segment digit, as on an appliance: top,
// upper right, lower right, bottom, lower left, upper left, middle.
var segments = map[rune]string{
	'0': "abcdef", '2': "abdeg", '3': "abcdg", '4': "bcfg", '5': "acdfg", 'E': "adefg", 'F': "aefg", '-': "g",
}

// panel draws the photograph that a customer would take of the display.
func panel(code string) []byte {
	const w, h = 480, 300
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	fill := func(x0, y0, x1, y1 int, c color.Color) {
		draw.Draw(img, image.Rect(x0, y0, x1, y1), image.NewUniform(c), image.Point{}, draw.Src)
	}
	for y := range h { // brushed steel
		v := uint8(168 + (y*37)%23)
		fill(0, y, w, y+1, color.RGBA{v, v, v + 4, 255})
	}
	fill(60, 50, w-60, 210, color.RGBA{12, 14, 18, 255})
	lit, dark := color.RGBA{255, 72, 40, 255}, color.RGBA{34, 24, 24, 255}
	const long, thick = 52, 10
	x := (w - len(code)*(long+34)) / 2
	for _, r := range code {
		for _, s := range "abcdefg" {
			c := dark
			for _, on := range segments[r] {
				if on == s {
					c = lit
				}
			}
			const top, mid, bottom = 76, 76 + long, 76 + 2*long
			switch s {
			case 'a':
				fill(x+thick, top-thick/2, x+long, top+thick/2, c)
			case 'g':
				fill(x+thick, mid-thick/2, x+long, mid+thick/2, c)
			case 'd':
				fill(x+thick, bottom-thick/2, x+long, bottom+thick/2, c)
			case 'f':
				fill(x, top+thick/2, x+thick, mid-thick/2, c)
			case 'e':
				fill(x, mid+thick/2, x+thick, bottom-thick/2, c)
			case 'b':
				fill(x+long, top+thick/2, x+long+thick, mid-thick/2, c)
			case 'c':
				fill(x+long, mid+thick/2, x+long+thick, bottom-thick/2, c)
			}
		}
		x += long + 34
	}
	for i := range 5 { // keys
		fill(92+i*64, 234, 132+i*64, 250, color.RGBA{96, 98, 104, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err) // an image in memory has no errors
	}
	return b.Bytes()
}
