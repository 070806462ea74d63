package demo

// topic is a matter about which customers write, with all that is said in it.
type topic struct {
	key, lang, typ string
	category       string // path of Chinese names in the shipped tree
	weight         int    // how often it comes
	place          string // the team that gets it
	models         []string
	tags           []string
	code           string // fault code
	priority       int    // 0: as it comes
	repair         bool   // somebody may have to go there
	order          bool   // it is about an order
	money          bool
	photo          bool
	safety         bool
	quick          bool   // answered and done
	reason         string // of a return
	codes, causes  []string

	subjects, opens, details []string // the customer's first contact
	asks                     []string // the agent's first answer
	answers                  []string // the customer's answer to it
	notes                    []string // between colleagues
	finals                   []string // the agent's last answer
}

var (
	fridges = []string{"BCD-520WK", "BCD-520WK", "BCD-402WP", "BCD-218T"}
	washers = []string{"XQG100-14B", "XQG80-B12", "XQB90-Z2"}
	aircons = []string{"KFR-35GW/N8", "KFR-72LW/T5"}
	heaters = []string{"JSQ30-16T", "ES60H-Q3"}
	robots  = []string{"YL-R10 Pro", "YL-R7"}
	tvs     = []string{"65U7", "55E3"}
	all     = []string{"BCD-520WK", "BCD-218T", "XQG100-14B", "KFR-35GW/N8", "JSQ30-16T", "YL-R10 Pro", "65U7", "WQP12-S6"}
)

func topicOf(key string) *topic {
	for _, list := range [][]topic{topicsZH, topicsEN} {
		for i := range list {
			if list[i].key == key {
				return &list[i]
			}
		}
	}
	panic("demo: no topic " + key)
}
