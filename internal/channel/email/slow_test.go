//go:build !race

package email

// slow is how much slower the test binary is than the product.
const slow = 1
