package form

import (
	"context"
	"slices"

	"zhidan/internal/desk/staff"
	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Order says in which order the things of one sort stand. Of categories it also
// says below which one: those that are named move there, with all below them.
type Order struct {
	Kind   string  `json:"kind" enum:"type,field,category,substatus,code"`
	Parent id.ID   `json:"parent_id,omitzero" doc:"of categories: the one above them; absent: the top"`
	IDs    []id.ID `json:"ids" minItems:"1" maxItems:"5000"`
}

// Arrange puts things into an order in one step, so that a drag is one change
// with one way back. What is not named keeps its place.
func (c *Cache) Arrange(ctx context.Context, tenant id.ID, o Order) error {
	return c.edit(ctx, tenant, func(ctx context.Context, e *editor) error {
		known := map[id.ID]bool{}
		switch o.Kind {
		case kindType:
			for _, x := range e.types {
				known[x.ID] = true
			}
		case kindField:
			for _, x := range e.fields {
				known[x.ID] = true
			}
		case kindCategory:
			for _, x := range e.categories {
				known[x.ID] = true
			}
		case kindSubstatus:
			for _, x := range e.substatus {
				known[x.ID] = true
			}
		case kindCode:
			for _, x := range e.codes {
				known[x.ID] = true
			}
		default:
			return fault.Bad("kind", "choice", "one of type, field, category, substatus, code")
		}
		if o.Parent != 0 && o.Kind != kindCategory {
			return fault.Bad("parent_id", "invalid", "only categories stand below each other")
		}
		for i, x := range o.IDs {
			if !known[x] || slices.Contains(o.IDs[:i], x) {
				return fault.Bad("ids", "unknown", "there is no %s %s, or it is named twice", o.Kind, x)
			}
		}
		if o.Kind == kindCategory {
			return e.moveCategories(ctx, o)
		}
		for i, x := range o.IDs {
			if _, err := e.tx.Exec(ctx, `update form_item set position = $4 where tenant_id = $1 and kind = $2 and id = $3`, e.tenant, o.Kind, x, i+1); err != nil {
				return err
			}
		}
		return e.record(ctx, o.Kind+".ordered", 0, "", nil)
	})
}

func (e *editor) moveCategories(ctx context.Context, o Order) error {
	var moved []string
	for i, x := range o.IDs {
		k := *e.categoryBy[x]
		if k.Parent != o.Parent {
			if err := e.checkParent(x, o.Parent); err != nil {
				return err
			}
			moved = append(moved, k.Name.either())
		}
		// The parent stands in the column alone: the body's is not read.
		if _, err := e.tx.Exec(ctx, `update form_item set parent_id = $3, position = $4 where tenant_id = $1 and kind = 'category' and id = $2`, e.tenant, x, null(o.Parent), i+1); err != nil {
			return err
		}
	}
	if len(moved) == 0 {
		return e.record(ctx, "category.ordered", 0, "", nil)
	}
	into := ""
	if p := e.categoryBy[o.Parent]; p != nil {
		into = p.Name.either()
	}
	return e.record(ctx, "category.moved", o.IDs[0], moved[0], []staff.FieldChange{{Field: "moved", From: moved, To: into}})
}

// checkParent refuses a place for a category (0 = a new one) that is below
// itself or too deep.
func (e *editor) checkParent(category, parent id.ID) error {
	depth := e.height(category)
	for p := parent; p != 0; depth++ {
		up := e.categoryBy[p]
		if up == nil {
			return fault.Bad("parent_id", "unknown", "there is no such category")
		}
		if p == category {
			return fault.Bad("parent_id", "circle", "a category cannot stand below itself")
		}
		p = up.Parent
	}
	if depth > maxDepth {
		return fault.Bad("parent_id", "depth", "categories nest at most %d deep", maxDepth)
	}
	return nil
}
