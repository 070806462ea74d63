package entity

// Pattern stands for a tenant's own numbers.
type Pattern struct{}

func (d *doc) patterns(list []Pattern) {}
