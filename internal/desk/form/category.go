package form

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/db"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
	"zhidan/internal/platform/text"
)

// SaveCategory makes, renames, moves or retires a category.
func (c *Cache) SaveCategory(ctx context.Context, tenant id.ID, in Category) (out Category, err error) {
	err = c.edit(ctx, tenant, func(ctx context.Context, e *editor) (err error) {
		out, err = e.saveCategory(ctx, in)
		return err
	})
	return out, err
}

func (e *editor) saveCategory(ctx context.Context, k Category) (Category, error) {
	if err := k.Name.check(); err != nil {
		return k, err
	}
	if k.ID != 0 && e.categoryBy[k.ID] == nil {
		return k, fault.Missing("category")
	}
	if k.ID == 0 && len(e.categories) >= maxCategories {
		return k, fault.Bad("name", "too_many", "there are at most %d categories", maxCategories)
	}
	old := e.categoryBy[k.ID]
	if old != nil && k.Retired {
		k.MergedInto = old.MergedInto
	} else {
		k.MergedInto = 0 // one that is taken up again stands for itself
	}
	if err := e.checkParent(k.ID, k.Parent); err != nil {
		return k, err
	}
	var err error
	if k.Aliases, err = cleanAliases(k.Aliases); err != nil {
		return k, err
	}
	k.ID, k.Version, err = e.put(ctx, item{kind: kindCategory, id: k.ID, parent: k.Parent, position: k.Position, retired: k.Retired}, old, k, k.Version)
	return k, err
}

// cleanAliases drops empty and repeated words.
func cleanAliases(in []string) ([]string, error) {
	var out []string
	for _, a := range in {
		a = strings.TrimSpace(text.Clean(a))
		if utf8.RuneCountInString(a) > 60 {
			return nil, fault.Bad("aliases", "too_long", "a word has at most 60 characters")
		}
		if a != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out, nil
}

// MergeCategory retires a category in favour of another one. Its tickets are
// moved by whoever keeps them: also runs in the same transaction.
func (c *Cache) MergeCategory(ctx context.Context, tenant, from, into id.ID, also func(ctx context.Context, tx *db.Tx) error) error {
	return c.edit(ctx, tenant, func(ctx context.Context, e *editor) error {
		a, b := e.categoryBy[from], e.categoryBy[into]
		if a == nil {
			return fault.Missing("category")
		}
		if b == nil || b.Retired {
			return fault.Bad("into", "unknown", "there is no such category")
		}
		if a.Retired {
			return fault.New(fault.Conflict, "category.retired", "this category is retired already")
		}
		for p := into; p != 0; p = e.categoryBy[p].Parent {
			if p == from {
				return fault.Bad("into", "circle", "a category cannot be merged into itself or one below it")
			}
		}
		for _, k := range e.categories {
			if k.Parent == from && !k.Retired {
				return fault.New(fault.Conflict, "category.children", "move the categories below it first")
			}
		}
		k := *a
		k.Retired, k.MergedInto = true, into
		if _, _, err := e.put(ctx, item{kind: kindCategory, id: k.ID, parent: k.Parent, position: k.Position, retired: true}, a, k, k.Version); err != nil {
			return err
		}
		if err := e.record(ctx, "category.merged", k.ID, k.Name.either(), []staff.FieldChange{{Field: "merged_into", To: b.Name.either()}}); err != nil {
			return err
		}
		return also(ctx, e.tx)
	})
}

// height is how many levels a category has with what is below it.
func (e *editor) height(category id.ID) int {
	high := 0
	if category != 0 {
		for _, k := range e.categories {
			if k.Parent == category {
				high = max(high, e.height(k.ID))
			}
		}
	}
	return high + 1
}

// parentsFirst puts a tree in the order in which it is read.
func parentsFirst(all []Category) []Category {
	children := map[id.ID][]Category{}
	for _, k := range all {
		children[k.Parent] = append(children[k.Parent], k)
	}
	out := make([]Category, 0, len(all))
	var walk func(parent id.ID)
	walk = func(parent id.ID) {
		for _, k := range children[parent] {
			out = append(out, k)
			walk(k.ID)
		}
	}
	walk(0)
	return out
}
