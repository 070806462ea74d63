package demo

// The English half: customers abroad, served by the English team.

var topicsEN = []topic{
	{
		key: "fridge-en", lang: "en", typ: "repair", category: "冰箱/制冷/冷藏不制冷", weight: 5, place: "english",
		models: fridges, tags: []string{"fridge"}, repair: true, causes: []string{"part_defect", "usage"}, codes: []string{"repaired", "guided", "replaced"},
		subjects: []string{"Fridge compartment is warm ({model})", "{model} not cooling", "Food spoiling in the fridge"},
		opens: []string{
			"The fridge compartment of our {model} has been warm since Tuesday. The freezer is fine.",
			"Our {model} shows 4 degrees, but the thermometer inside says 13.",
			"The fan at the back has stopped and everything in the top shelves is warm.",
		},
		details: []string{"Order {order}, bought {days} months ago.", "The serial number is {sn}.", "We have a newborn and need the bottles cold, please hurry.", "I already tried unplugging it for ten minutes."},
		asks: []string{
			"Hello, this is {agent} from Yunling Appliances. I am sorry for the trouble. Is there any code on the panel, and is something blocking the air vents inside?",
			"Hello, thank you for reporting this. Could you send a photo of the label inside the door and two time slots that suit you for a visit?",
		},
		answers: []string{"No code on the panel, and the vents are free.", "Photo attached. Thursday afternoon or any time on Saturday.", "There is a layer of ice behind the back panel."},
		notes:   []string{"Ice behind the panel: bring a defrost heater and a sensor.", "@{colleague} can the partner workshop take this one on Saturday?"},
		finals:  []string{"Our engineer replaced the defrost heater today; the compartment is at 4 degrees again. It is covered by the warranty.", "Clearing the vents solved it. If it gets above 8 degrees again, just reply here."},
	},
	{
		key: "e4-en", lang: "en", typ: "repair", category: "冰箱/面板报警", weight: 2, place: "english",
		models: fridges, tags: []string{"fridge", "E4"}, code: "E4", photo: true, repair: true, causes: []string{"part_defect"}, codes: []string{"repaired"},
		subjects: []string{"Error E4 on the display", "{model} keeps beeping with E4"},
		opens:    []string{"The panel flashes E4 and beeps all the time.", "What does E4 mean? The freezer has started to thaw."},
		details:  []string{"See the photo.", "It came back after I unplugged it."},
		asks:     []string{"Hello, E4 points to the freezer sensor. Please keep the door shut; an engineer has to replace it. Which time suits you tomorrow?"},
		answers:  []string{"Tomorrow after 2 pm, please.", "Any time, I work from home."},
		notes:    []string{"Several E4 with {model} this week, @{colleague} keeps the list of serial numbers."},
		finals:   []string{"The sensor was replaced and the alarm is gone. The freezer is back at -18."},
	},
	{
		key: "washer-en", lang: "en", typ: "repair", category: "洗衣机/不脱水", weight: 3, place: "english",
		models: washers, tags: []string{"washer"}, code: "E5-0032", repair: true, causes: []string{"usage", "part_defect"}, codes: []string{"guided", "repaired"},
		subjects: []string{"Washer stops with E5-0032", "{model} does not spin"},
		opens:    []string{"The washing machine stops before spinning and shows E5-0032.", "Clothes come out soaking wet. The drum only rocks back and forth."},
		details:  []string{"It happens with small loads too.", "The filter is clean."},
		asks:     []string{"Hello, {agent} here. E5-0032 usually means an unbalanced load. Could you check that all four feet touch the floor and run a spin-only programme?"},
		answers:  []string{"One foot was loose. It spins now!", "I did, and it still stops two times out of three."},
		notes:    []string{"If levelling does not help, send an engineer with a level sensor."},
		finals:   []string{"Glad that levelling helped. Mixing heavy and light items keeps the load balanced.", "The level sensor was replaced; two full programmes ran without E5-0032."},
	},
	{
		key: "robot-en", lang: "en", typ: "enquiry", category: "小家电/扫地机器人", weight: 3, place: "english",
		models: robots, tags: []string{"robot vacuum"}, codes: []string{"guided", "answered", "replaced"}, causes: []string{"software", "usage"},
		subjects: []string{"Robot vacuum cannot find its dock", "{model} loses Wi-Fi"},
		opens:    []string{"The {model} circles around the dock but never gets in.", "Since I got a new router the robot does not connect any more."},
		details:  []string{"Firmware 3.2.1.", "There is half a metre free on both sides."},
		asks:     []string{"Hello, please give the 2.4 GHz network a name of its own and pair again within three metres of the router.", "Hello, could you wipe the sensor at the front and the window of the dock, then start a new map?"},
		answers:  []string{"That worked, thank you!", "Wiped it, no change."},
		notes:    []string{"Known pairing problem of 3.2.1 with combined networks."},
		finals:   []string{"Happy to hear that. Firmware 3.2.2 next week makes the extra network unnecessary.", "We are sending a replacement; the courier takes the old one along."},
	},
	{
		key: "lost-en", lang: "en", typ: "enquiry", category: "物流/未收到货", weight: 4, place: "english",
		models: all, tags: []string{"delivery"}, order: true, codes: []string{"answered", "compensated"}, causes: []string{"logistics"},
		subjects: []string{"Where is order {order}?", "Parcel marked as delivered, but it is not here"},
		opens:    []string{"Order {order} should have arrived on Monday and tracking has not moved for three days.", "Tracking says delivered and signed, but nobody here has it."},
		details:  []string{"It is a birthday present, so timing matters.", "The carrier's hotline just hangs up."},
		asks:     []string{"Hello, {agent} from Yunling. I have opened a search with the carrier and will get back to you by 6 pm. Is the delivery address still correct?"},
		answers:  []string{"Yes, same address and number.", "Please refund it if it cannot be found."},
		notes:    []string{"Carrier: van breakdown, new attempt tomorrow.", "@{colleague} please ask the depot for the proof of delivery."},
		finals:   []string{"The parcel was found at the depot and delivered this afternoon. A voucher for the delay is on its way.", "Delivered and confirmed. Thank you for your patience."},
	},
	{
		key: "refund-en", lang: "en", typ: "return", category: "售后/退款进度", weight: 4, place: "english",
		models: all, tags: []string{"refund"}, order: true, reason: "changed_mind", money: true, codes: []string{"refunded", "answered"}, causes: []string{"service", "information"},
		subjects: []string{"Refund for {order} still missing", "When will I get my money back?"},
		opens:    []string{"I sent the {model} back two weeks ago and the refund of {amount} has not arrived.", "Your warehouse signed for the return on Friday. How long does the refund take?"},
		details:  []string{"I paid by credit card.", "This is the second time I ask."},
		asks:     []string{"Hello, I have passed this to finance. Card refunds take three to five working days; could you send me the return tracking number?"},
		answers:  []string{"Tracking number 9900445566.", "All right, I will wait until Thursday."},
		notes:    []string{"Return was not scanned in. Booked by hand.", "@{colleague} please release today, second contact."},
		finals:   []string{"The refund of {amount} was released today and shows on your statement within three days."},
	},
	{
		key: "invoice-en", lang: "en", typ: "enquiry", category: "订单与发票/发票", weight: 2, place: "english",
		models: all, tags: []string{"invoice"}, order: true, codes: []string{"answered"}, causes: []string{"information"},
		subjects: []string{"Invoice with VAT number for {order}", "Wrong company name on the invoice"},
		opens:    []string{"Could you send an invoice for order {order} with our VAT number?", "The company name on the invoice is misspelt, please correct it."},
		details:  []string{"We close the month on Friday."},
		asks:     []string{"Hello, please send me the exact company name, address and VAT number."},
		answers:  []string{"Sample Trading Ltd, VAT DEMO-000001."},
		notes:    []string{"Reissue needs approval across months."},
		finals:   []string{"The corrected invoice is in your inbox."},
	},
	{
		key: "warranty-en", lang: "en", typ: "enquiry", category: "售后/保修政策", weight: 2, place: "english",
		models: all, tags: []string{"warranty"}, codes: []string{"answered"}, causes: []string{"information"},
		subjects: []string{"Is my {model} covered abroad?", "Warranty after moving"},
		opens:    []string{"I am moving abroad and want to take the {model} along. Is the warranty still valid there?", "Is a worn door seal covered by the warranty?"},
		details:  []string{"Serial number {sn}."},
		asks:     []string{"Hello, the warranty follows the serial number in all countries with a service partner. Where are you moving to?"},
		answers:  []string{"To Singapore.", "Thanks, that is all I needed."},
		notes:    []string{"Partner list of 2026 applies."},
		finals:   []string{"Good news: it is covered there as well. I have sent you the address of the partner."},
	},
	{
		key: "complaint-en", lang: "en", typ: "complaint", category: "服务/工程师服务", weight: 2, place: "english",
		models: all, tags: []string{"complaint"}, priority: 3, codes: []string{"compensated", "forwarded"}, causes: []string{"service"},
		subjects: []string{"Engineer did not show up, twice", "Scratched floor after the repair"},
		opens:    []string{"I took two days off and nobody came. This is not acceptable.", "The engineer scratched our wooden floor while moving the {model}."},
		details:  []string{"I expect compensation.", "Photos are attached."},
		asks:     []string{"I am very sorry about this. I will clear it up with the partner today and come back with a proposal.", "Thank you for the photos. We will assess the damage and cover the repair."},
		answers:  []string{"Please call me before noon.", "I am waiting for your proposal."},
		notes:    []string{"Partner admits double booking. @{colleague} please decide on compensation."},
		finals:   []string{"As agreed, the partner sends another engineer on Monday, and we refund the call-out fee.", "The floor repair is covered in full. Thank you for giving us the chance to make it right."},
	},
	{
		key: "praise-en", lang: "en", typ: "praise", category: "服务/客服服务", weight: 1, place: "english",
		models: all, tags: []string{"praise"}, codes: []string{"answered"}, quick: true,
		subjects: []string{"Great service"},
		opens:    []string{"Just wanted to say that your support was quick and friendly. Well done!"},
		details:  []string{"Five stars from me."},
		asks:     []string{"Thank you so much, I will pass this on to the team!"},
		answers:  []string{"You are welcome."}, notes: []string{"Goes on the board."},
		finals: []string{"Your kind words have reached the team."},
	},
}

var (
	helloEN   = []string{"", "", "Hi, ", "Hello, ", "Good morning, "}
	chaseEN   = []string{"Any news on this?", "Hello? I have been waiting since yesterday.", "Could you please give me an update?"}
	waitEN    = []string{"Thank you for your patience, I have chased it again and will have an answer today.", "I am still on it and will come back to you as soon as I know more."}
	confirmEN = []string{"It works again, thank you!", "All good now, thanks {agent}.", "Perfect, thanks."}
	reopenEN  = []string{"It is back again, exactly as before.", "It worked for two days and now the same problem is back.", "I was told this is solved, but it is not."}
	onHoldEN  = map[string]string{"part": "The part is on its way and should be here in three days; I will call you that day.", "third_party": "We are waiting for the carrier's answer and will tell you at once.", "appointment": "The appointment is reserved for you; we confirm it the day before.", "department": "I have passed this on and you get an answer within two days.", "logistics": "The replacement has been sent; I will check with you once it arrives."}
)
