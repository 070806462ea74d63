package form

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"zhidan/internal/platform/fault"
	"zhidan/internal/platform/id"
)

// Limits of a scene.
const (
	maxScenes    = 50
	maxSceneText = 4000 // runes of body and script
	maxChecks    = 20
)

// Scene is what a call is about in general (报修, 投诉 …): a template that fills
// in a new ticket, with what the agent asks and says.
type Scene struct {
	ID       id.ID          `json:"id,omitzero"`
	Name     Name           `json:"name"`
	Type     string         `json:"type" maxLength:"64"`
	Category id.ID          `json:"category_id,omitzero"`
	Priority string         `json:"priority,omitempty" enum:"low,normal,high,urgent"`
	Subject  string         `json:"subject,omitempty" maxLength:"300"`
	Body     string         `json:"body,omitempty" maxLength:"16000" doc:"a skeleton that the agent writes into"`
	Fields   map[string]any `json:"fields,omitempty"`
	Checks   []string       `json:"checks,omitempty" maxItems:"20" doc:"what the agent ticks off while the customer speaks"`
	Script   string         `json:"script,omitempty" maxLength:"16000" doc:"approved words"`
	Position int            `json:"position"`
	Retired  bool           `json:"retired"`
	Version  int64          `json:"version,omitempty"`
}

// Scenes lists all scenes in their order, retired ones too.
func (c *Catalog) Scenes() []Scene { return slices.Clone(c.scenes) }

// SaveScene makes a scene or changes one.
func (c *Cache) SaveScene(ctx context.Context, tenant id.ID, in Scene) (out Scene, err error) {
	err = c.edit(ctx, tenant, func(ctx context.Context, e *editor) (err error) {
		out, err = e.saveScene(ctx, in)
		return err
	})
	return out, err
}

func (e *editor) saveScene(ctx context.Context, s Scene) (Scene, error) {
	if err := s.Name.check(); err != nil {
		return s, err
	}
	if t := e.typeByKey[s.Type]; t == nil || t.Retired && !s.Retired {
		return s, fault.Bad("type", "unknown", "there is no ticket type %q", s.Type)
	}
	if k := e.categoryBy[s.Category]; s.Category != 0 && (k == nil || k.Retired && !s.Retired) {
		return s, fault.Bad("category_id", "unknown", "there is no such category")
	}
	if s.Priority != "" && !slices.Contains([]string{"low", "normal", "high", "urgent"}, s.Priority) {
		return s, fault.Bad("priority", "choice", "a priority is low, normal, high or urgent")
	}
	for field, x := range map[string]struct {
		text string
		max  int
	}{"subject": {s.Subject, 300}, "body": {s.Body, maxSceneText}, "script": {s.Script, maxSceneText}} {
		if utf8.RuneCountInString(x.text) > x.max {
			return s, fault.Bad(field, "too_long", "at most %d characters", x.max).With("max", fmt.Sprint(x.max))
		}
	}
	var checks []string
	for _, c := range s.Checks {
		if c = strings.Join(strings.Fields(c), " "); c != "" {
			checks = append(checks, c)
		}
	}
	if s.Checks = checks; len(checks) > maxChecks || slices.ContainsFunc(checks, func(c string) bool { return utf8.RuneCountInString(c) > 100 }) {
		return s, fault.Bad("checks", "too_many", "at most %d points of at most 100 characters", maxChecks).With("max", fmt.Sprint(maxChecks))
	}
	if len(s.Fields) > 0 {
		clean := map[string]any{}
		for key, v := range s.Fields {
			f := e.fieldByKey[key]
			if f == nil || f.Retired {
				return s, fault.Bad("fields."+key, "unknown", "there is no field %q", key)
			}
			if f.Kind == Attachment || f.Personal {
				return s, fault.Bad("fields."+key, "invalid", "a scene fills in no files and nothing personal")
			}
			if v == nil || v == "" {
				continue
			}
			n, bad := f.normal(v)
			if bad != nil {
				bad.Field = "fields." + key
				return s, bad
			}
			clean[key] = n
		}
		s.Fields = clean
	}
	if s.ID == 0 && len(e.scenes) >= maxScenes {
		return s, fault.Bad("name", "too_many", "there are at most %d scenes", maxScenes).With("max", fmt.Sprint(maxScenes))
	}
	at := slices.IndexFunc(e.scenes, func(x Scene) bool { return x.ID == s.ID })
	if s.ID != 0 && at < 0 {
		return s, fault.Missing("scene")
	}
	var old *Scene
	if s.ID != 0 {
		old = &e.scenes[at]
	}
	var err error
	s.ID, s.Version, err = e.put(ctx, item{kind: kindScene, id: s.ID, position: s.Position, retired: s.Retired}, old, s, s.Version)
	return s, err
}

var shippedScenes = []Scene{
	{Name: Name{"报修", "Repair"}, Type: "repair", Checks: []string{"报出姓名，确认来电人", "型号与故障现象", "是否已断电重启", "地址是否有变，几点有人", "告知保内免费与到达时间"},
		Script: "您好，我先确认一下机器的型号和现在的现象，然后马上为您安排师傅上门。上门前师傅会先给您打电话，请保持手机畅通。"},
	{Name: Name{"咨询", "Enquiry"}, Type: "enquiry", Checks: []string{"复述问题，确认理解一致", "能当场答复的当场答复", "不能答复的约定回电时间"}},
	{Name: Name{"投诉", "Complaint"}, Type: "complaint", Priority: "high", Checks: []string{"先致歉，听完不打断", "记下时间、地点、人员", "客户的诉求与期望时限", "告知处理流程与回复时间"},
		Script: "非常抱歉给您带来不便。您说的情况我已经完整记录，会由专人负责跟进，并在承诺的时间内给您回电。"},
	{Name: Name{"退换货", "Return"}, Type: "return", Checks: []string{"订单号", "退还是换，原因", "商品是否完好、配件是否齐全", "取件地址与时间"}},
	{Name: Name{"物流", "Delivery"}, Type: "enquiry", Checks: []string{"订单号", "签收情况", "收货地址是否正确"}},
}
