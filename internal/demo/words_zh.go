package demo

// The Chinese half of what customers write and agents answer. Braces are slots
// that fill writes the values of one story into.

var topicsZH = []topic{
	{
		key: "fridge", lang: "zh-CN", typ: "repair", category: "冰箱/制冷/冷藏不制冷", weight: 9, place: "east",
		models: fridges, tags: []string{"冰箱", "制冷"}, repair: true, causes: []string{"part_defect", "usage"}, codes: []string{"repaired", "replaced", "guided"},
		subjects: []string{"{model} 冷藏室不制冷", "冰箱冷藏不冷，冷冻正常", "冰箱温度降不下来", "新买的冰箱不制冷"},
		opens: []string{
			"你好，我家的 {model} 冷藏室从前天开始就不怎么冷了，显示 5 度，用温度计量出来有 14 度。",
			"冰箱冷藏不制冷，冷冻倒是好的。里面的菜放一晚上就蔫了。",
			"{model} 用了{days}个月，这两天冷藏室的灯亮着，但是摸着一点都不冷，压缩机一直在响。",
			"麻烦看一下，冰箱冷藏室后壁原来有水珠，现在干的，牛奶已经坏了两盒。",
			"冰箱断电重启过两次，当天好一点，第二天又不冷了。",
		},
		details: []string{
			"订单号 {order}，家住{city}，这周末都在家。", "温度已经调到最低档了，没有用。", "门封我检查过，用纸条夹了一圈都夹得住。",
			"家里有孩子要喝冷藏的药，麻烦尽快安排。", "机身序列号是 {sn}。", "之前搬过一次家，搬完放了半天才通电。",
		},
		asks: []string{
			"您好，这里是云岭电器客服{agent}。给您添麻烦了。请您帮忙看一下：面板上有没有字母加数字的代码？冷藏室的出风口有没有被食物挡住？",
			"您好，我是{agent}，由我来跟进您的报修。为了让工程师一次带对配件，麻烦您发一张机身标签的照片，并告诉我方便上门的时间。",
			"您好，收到您的报修了。请先把设定温度调到 4 度，清空风口前 5 厘米的东西，两小时后再量一下温度告诉我们，好吗？",
		},
		answers: []string{
			"面板没有代码，风口也没挡，现在还是 13 度。", "标签拍了，序列号 {sn}。周六上午或者周日全天都可以上门。", "按你说的做了，两个小时后量是 12 度，没什么变化。",
			"我看了，出风口里面好像结了一层白霜。",
		},
		notes: []string{
			"电话里听得到风扇有异响，怀疑风扇电机或化霜加热丝，建议带两个件上门。", "客户家里有老人，上门前一小时先打电话。", "@{colleague} 同小区上周也有一台 {model} 报同样的问题，看看是不是同一批次。",
		},
		finals: []string{
			"工程师已更换化霜加热丝并加固了风道，现场测得冷藏 4 度、冷冻 -18 度。保修期内不收费，整机再观察 48 小时，有问题随时回复本工单。",
			"已为您更换温度传感器，测试两小时降温正常。旧件由工程师带回。感谢您的耐心等待。",
			"今天的上门检修已完成：风扇电机卡滞，已更换。若再出现冷藏温度高于 8 度，请直接回复，我们优先处理。",
		},
	},
	{
		key: "e4", lang: "zh-CN", typ: "repair", category: "冰箱/面板报警", weight: 4, place: "south",
		models: fridges, tags: []string{"冰箱", "E4"}, code: "E4", photo: true, repair: true, causes: []string{"part_defect"}, codes: []string{"repaired"},
		subjects: []string{"冰箱面板显示 E4 一直响", "{model} 报 E4", "面板闪 E4，按什么都没反应", "冰箱报警 E4，冷冻室开始化了"},
		opens: []string{
			"冰箱面板一直闪 E4，滴滴滴响个不停，按哪个键都没用。", "今天早上起来发现 {model} 显示 E4，冷冻室的东西开始化了。",
			"麻烦问一下 E4 是什么意思？断电十分钟再插上还是 E4。", "面板跳 E4，说明书上只写了联系售后。",
		},
		details: []string{"照片见附件。", "昨天晚上小区跳过一次闸，不知道有没有关系。", "订单号 {order}。", "冷冻室现在 -6 度，还在往上升。", "买了才{days}个月。"},
		asks: []string{
			"您好，E4 表示冷冻室温度传感器信号异常。请先不要反复断电，把怕化的食物集中放到冷冻室最里面。麻烦您告诉我方便上门的时间段，我马上派单。",
			"您好，我是{agent}。这个代码需要工程师上门处理，配件我们有现货。今天 14:00-18:00 或者明天上午，哪个时间方便？",
		},
		answers: []string{"今天下午三点以后都在家。", "明天上午可以，最好九点以前打个电话。", "越快越好，里面有很多肉。"},
		notes: []string{
			"这两天 E4 明显变多，都是 {model}，已经和 @{colleague} 说了，先按批次登记序列号。", "传感器插头受潮的可能性大，让工程师带密封胶。", "客户昨晚小区跳闸，主板也一并检查。",
		},
		finals: []string{
			"工程师已更换冷冻室温度传感器，并对插头做了防潮处理，E4 报警已消除，现场测得 -18 度。",
			"已处理完成：传感器插头氧化，清洁并重新插紧后恢复正常，观察 30 分钟没有再报 E4。",
		},
	},
	{
		key: "washer", lang: "zh-CN", typ: "repair", category: "洗衣机/漏水", weight: 6, place: "east",
		models: washers, tags: []string{"洗衣机", "漏水"}, repair: true, causes: []string{"installation", "part_defect"}, codes: []string{"repaired", "guided"},
		subjects: []string{"洗衣机底部漏水", "{model} 洗到一半地上全是水", "洗衣机漏水，楼下已经来找了"},
		opens: []string{
			"洗衣机昨天洗到一半，底下开始漏水，阳台全湿了。", "{model} 排水的时候从后面漏水，量不小。", "门封下面一直滴水，擦干净再洗还是滴。",
		},
		details: []string{"漏水的位置拍了照片，在机器右后角。", "是你们的师傅装的，装了{days}个月。", "订单号 {order}。", "楼下邻居天花板已经有水印了，很着急。"},
		asks: []string{
			"您好，我是{agent}。请先关上进水龙头、拔掉电源。麻烦看一下漏水是发生在进水、洗涤还是排水的时候？后面排水管有没有从下水口脱出来？",
			"您好，抱歉给您和邻居带来麻烦。已按加急登记，请问今天 18 点前家里有人吗？",
		},
		answers: []string{"是排水的时候漏，管子看着是插着的。", "进水的时候就漏了，从门封的下面。", "今天六点以后有人。"},
		notes:   []string{"疑似排水管接头松，安装单是外包网点做的，责任先留空。", "邻居家吊顶可能要赔，先拍照留证。@{colleague} 知悉。"},
		finals: []string{
			"工程师重新固定了排水管接头并更换了卡箍，连续排水三次无渗漏。给您和邻居添麻烦了。",
			"门封变形导致漏水，已免费更换，试洗一个完整程序正常。",
		},
	},
	{
		key: "spin", lang: "zh-CN", typ: "repair", category: "洗衣机/不脱水", weight: 4, place: "south",
		models: washers, tags: []string{"洗衣机"}, code: "E5-0032", repair: true, causes: []string{"part_defect", "usage"}, codes: []string{"repaired", "guided"},
		subjects: []string{"洗衣机不脱水，报 E5-0032", "{model} 脱水转不起来", "洗完衣服还是湿的"},
		opens: []string{
			"洗衣机洗完衣服不脱水，屏幕上显示 E5-0032。", "{model} 一到脱水就停，来回晃几下然后报错 E5-0032。", "脱水转不起来，衣服拎出来还滴水。",
		},
		details: []string{"衣服不多，就四五件。", "按说明书清理过过滤网了，倒出来两个硬币。", "序列号 {sn}。"},
		asks: []string{
			"您好，E5-0032 多半是衣物缠成一团引起的偏心保护。请把衣服抖散、少放一件厚的，选“单脱水”再试一次，把结果告诉我。",
			"您好，我是{agent}。请问机器四个脚是否都着地？用手按机器对角，会不会晃？",
		},
		answers: []string{"抖散了也试了，三次里有两次还是报 E5-0032。", "有一个脚是悬空的，垫平以后好像好了。", "单脱水可以转，混洗就不行。"},
		notes:   []string{"先远程指导调平，不行再派单；旧款这个代码也可能是排水泵。", "客户已自行清过滤网，倒出硬币。"},
		finals: []string{
			"很高兴调平以后恢复正常了。脱水时厚薄衣物搭配放可以减少偏心保护，有问题随时找我们。",
			"工程师更换了水位传感器，E5-0032 未再出现，试机两次正常。",
		},
	},
	{
		key: "aircon", lang: "zh-CN", typ: "repair", category: "空调/不制冷", weight: 5, place: "south",
		models: aircons, tags: []string{"空调"}, repair: true, causes: []string{"part_defect", "installation"}, codes: []string{"repaired", "guided"},
		subjects: []string{"空调开了一小时还是不凉", "{model} 不制冷", "空调出的风是热的"},
		opens: []string{
			"客厅空调开了一个小时，出来的风还是温的。", "{model} 前年装的，今年一开就不凉，外机在转。", "空调制冷效果很差，设 24 度，屋里一直 30 度。",
		},
		details: []string{"滤网上个月刚洗过。", "外机在北阳台，上门需要梯子。", "{city}这几天都三十多度，老人受不了。", "订单号 {order}。"},
		asks: []string{
			"您好，我是{agent}。请确认遥控器是制冷模式（雪花图标），设 20 度、高风，十分钟后摸一下出风口。外机的粗管有没有结霜？",
			"您好，需要工程师上门检测冷媒压力。明天 9:00-12:00 有空档，可以吗？外机位置是否需要高空作业？",
		},
		answers: []string{"模式没错，风还是不凉，粗管是干的。", "可以，明天上午有人。外机在窗外，要系安全绳。", "粗管上结了一层霜。"},
		notes:   []string{"高空作业，派两个人。", "三年内缺氟多半是喇叭口渗漏，先检漏再加。"},
		finals: []string{
			"已检漏并重新做了接口，补充冷媒后出风温度 12 度。安装质量原因，不收费。",
			"清洗了外机散热片并检查了压力，制冷恢复正常。建议每年开机前清洗一次。",
		},
	},
	{
		key: "install", lang: "zh-CN", typ: "enquiry", category: "空调/安装移机", weight: 4, place: "east",
		models: aircons, tags: []string{"安装"}, codes: []string{"answered", "guided"}, causes: []string{"information"},
		subjects: []string{"空调移机怎么收费", "预约安装 {model}", "搬家想移两台空调"},
		opens: []string{
			"下周搬家，两台挂机要移到新家，想问一下怎么收费、能不能当天拆当天装。", "{model} 今天到货了，什么时候能来装？", "移机费用里包含加氟吗？铜管不够长怎么算？",
		},
		details: []string{"从{city}的老房子移到同城，大概十公里。", "新家外机位在阳台内，不用高空。", "订单号 {order}。"},
		asks: []string{
			"您好，同城移机拆装一台 300 元起，含抽真空；铜管每米 120 元，加氟按实际用量。请把两处地址和楼层发给我，我给您一个准确报价。",
			"您好，到货后我们 24 小时内联系安装。请问打孔位置是否已经留好？墙体是砖墙还是混凝土？",
		},
		answers: []string{"老房子 6 楼有电梯，新家 12 楼，外机都在阳台里。", "孔是留好的，砖墙。", "可以，就约周三。"},
		notes:   []string{"报价按标准件，铜管预估多 3 米。", "周三上午已满，约的是 14 点。"},
		finals:  []string{"已为您约好师傅，费用按上面的报价，现场不会另加。师傅出发前会打电话。", "安装已完成并试机，安装单号已发到您的手机。质保从安装当日算起。"},
	},
	{
		key: "heater", lang: "zh-CN", typ: "repair", category: "厨房电器/热水器/不出热水", weight: 4, place: "east",
		models: heaters, tags: []string{"热水器"}, repair: true, causes: []string{"part_defect", "usage"}, codes: []string{"repaired", "guided"},
		subjects: []string{"热水器不出热水", "{model} 点不着火", "洗澡洗到一半变冷水"},
		opens: []string{
			"热水器打开只有冷水，听得到打火声但是点不着。", "洗澡洗到一半突然变冷，过一会儿又烫，忽冷忽热。", "{model} 今天完全没有热水，厨房和卫生间都一样。",
		},
		details: []string{"燃气灶是能点着的，说明有气。", "电池换过新的了。", "家里有一岁的宝宝，麻烦快一点。"},
		asks: []string{
			"您好，我是{agent}。请看一下显示屏有没有代码，并确认热水出水量是不是比以前小？水量太小时热水器会保护不点火。",
			"您好，为了安全请先关闭燃气阀。我们今天可以安排持证工程师上门，请问几点方便？",
		},
		answers: []string{"没有代码，水量是比以前小。", "今天五点以后。", "水压正常，打火五六下就停了。"},
		notes:   []string{"燃气相关，必须派持证工程师。", "可能是进水过滤网堵，先让客户拍一下进水口。"},
		finals:  []string{"进水过滤网堵塞，已清洗，点火正常，水温稳定。建议每半年清洗一次。", "已更换点火控制器，连续点火二十次正常，并做了燃气检漏。"},
	},
	{
		key: "burning", lang: "zh-CN", typ: "repair", category: "厨房电器/热水器/焦糊味", weight: 1, place: "east",
		models: heaters, tags: []string{"热水器", "安全"}, priority: 4, safety: true, repair: true, causes: []string{"part_defect"}, codes: []string{"replaced", "repaired"},
		subjects: []string{"热水器有焦糊味，不敢用了", "热水器冒烟了"},
		opens:    []string{"刚才洗澡闻到一股焦糊味，热水器外壳很烫，已经关了，不敢用。", "热水器插头处有烧焦的痕迹，会不会着火？"},
		details:  []string{"家里有老人和孩子，请马上联系我。", "电闸已经拉了。"},
		asks:     []string{"您好，请保持断电，不要再触碰插头，也不要自行拆机。我是{agent}，已为您加急，工程师两小时内电话联系您，今天上门。"},
		answers:  []string{"好的，电已经断了，等你们电话。"},
		notes:    []string{"涉及安全，已电话通知 @{colleague}，现场拍照封存插头和插座，型号和批次登记给质量部。"},
		finals:   []string{"经检测为插座接触不良发热，热水器电源线已更换，并建议您请电工更换插座。为了放心，我们为您免费换了一台新机。"},
	},
	{
		key: "robot", lang: "zh-CN", typ: "enquiry", category: "小家电/扫地机器人", weight: 5, place: "south",
		models: robots, tags: []string{"扫地机器人"}, codes: []string{"guided", "answered", "replaced"}, causes: []string{"software", "usage"},
		subjects: []string{"扫地机器人找不到基站", "{model} 连不上 WiFi", "扫地机建图老是错"},
		opens: []string{
			"{model} 扫完地回不去充电，总在客厅转圈。", "换了路由器以后，扫地机一直连不上网，APP 提示超时。", "机器人把阳台当成墙，地图越扫越歪。",
		},
		details: []string{"固件已经是最新的 3.2.1。", "基站左右都留了半米。", "路由器是双频合一的，不知道有没有影响。", "买了{days}个月，订单号 {order}。"},
		asks: []string{
			"您好，我是{agent}。请把路由器的 2.4G 和 5G 分成两个名字，手机连 2.4G 后重新配网；配网时机器离路由器三米以内。",
			"您好，请擦一下机器前方的传感器和基站的红外窗，再把旧地图删掉重新建图。建图时把门都打开。",
		},
		answers: []string{"分开以后连上了，谢谢！", "擦过了，还是在转圈。", "重新建图好了，但是禁区要重新画，能恢复旧的吗？"},
		notes:   []string{"3.2.1 固件在双频合一路由下有已知的配网问题，等 3.2.2。", "如果擦拭后还不行就走换货。"},
		finals:  []string{"很高兴恢复了。3.2.2 固件下周推送，届时双频合一也可以直接配网。", "已为您登记换新，旧机由快递上门取件。"},
	},
	{
		key: "tv", lang: "zh-CN", typ: "enquiry", category: "电视影音/联网", weight: 2, place: "south",
		models: tvs, tags: []string{"电视"}, codes: []string{"guided", "answered"}, causes: []string{"software"},
		subjects: []string{"电视投屏一直失败", "{model} 开机要等很久"},
		opens:    []string{"手机投屏到电视总是转圈，昨天还好好的。", "{model} 开机要两分钟，以前没这么慢。"},
		details:  []string{"手机和电视在同一个 WiFi 下。", "恢复出厂会不会丢账号？"},
		asks:     []string{"您好，我是{agent}。请进入设置—存储，看剩余空间是否低于 500MB；清理缓存后再试投屏。"},
		answers:  []string{"只剩 200 多 MB，清理以后快多了。", "空间够的，还是不行。"},
		notes:    []string{"本周系统更新后类似咨询增加。"},
		finals:   []string{"清理后恢复就好。建议关闭“快速开机”里的自动下载，空间不会再被占满。", "请升级到最新系统后再试，升级包今天已经推送。"},
	},
	{
		key: "lost", lang: "zh-CN", typ: "enquiry", category: "物流/未收到货", weight: 7, place: "logistics",
		models: all, tags: []string{"物流"}, order: true, codes: []string{"answered", "compensated"}, causes: []string{"logistics"},
		subjects: []string{"订单 {order} 一直没收到货", "物流三天没有更新", "显示已签收，但我没收到"},
		opens: []string{
			"订单 {order} 说好大前天到，物流停在中转站三天了。", "快递显示已签收，可我根本没收到，门口和驿站都找了。", "大件到了{city}分拨中心就没动静了，什么时候能送？",
		},
		details: []string{"打承运商电话一直占线。", "买的是 {model}，周末要用。", "如果送不了就给我退款吧。"},
		asks: []string{
			"您好，我是{agent}，已向承运商发起催查。请确认收货地址和电话是否有变动？今天 18 点前给您答复。",
			"您好，非常抱歉。签收人一栏写的是“前台”，麻烦您问一下小区前台或物业，我们同步联系配送员核实。",
		},
		answers: []string{"地址没变，电话就是这个。", "前台没有，监控里也没看到送货的。", "那就等你们消息，今天一定要有答复。"},
		notes:   []string{"承运商回复：车辆在途延误，预计明天 12 点前送达。", "@{colleague} 请联系网点，要签收底单。"},
		finals:  []string{"货物已找到并重新派送，今天 16:20 由您本人签收。耽误了您的时间，已为您申请 50 元补偿券。", "已确认送达。感谢您的耐心，延误我们已记到承运商考核里。"},
	},
	{
		key: "damaged", lang: "zh-CN", typ: "return", category: "物流/运输破损", weight: 5, place: "shop",
		models: all, tags: []string{"破损", "换货"}, order: true, reason: "damaged", codes: []string{"replaced", "refunded", "compensated"}, causes: []string{"logistics"},
		subjects: []string{"收到的 {model} 外壳凹了", "开箱发现玻璃碎了", "运输破损要求换货"},
		opens: []string{
			"刚拆箱，{model} 侧面凹了一大块，包装也是破的。", "收到货开箱，玻璃面板已经裂了，要求换一台。", "送货师傅放下就走了，没让开箱验货，现在发现门是歪的。",
		},
		details: []string{"照片和开箱视频都有。", "订单号 {order}。", "如果换货要多久？我可以先用着吗？"},
		asks: []string{
			"您好，给您添堵了，实在抱歉。请上传外包装、标签和破损处的照片各一张，核实后当天为您办理。",
			"您好，我是{agent}。可以为您换新，也可以保留商品补偿 200 元，您看哪种方式更合适？",
		},
		answers: []string{"要换新的，不要补偿。", "照片发了，麻烦今天办。", "凹的地方靠墙看不见，补偿也可以。"},
		notes:   []string{"包装破损属承运责任，走理赔。@{colleague} 备案。", "仓库有现货，可以先发后退。"},
		finals:  []string{"换新已发出，旧机由送货师傅当面取回，无需您承担运费。", "200 元补偿已退回原支付账户，1-3 个工作日到账。"},
	},
	{
		key: "refund", lang: "zh-CN", typ: "return", category: "售后/退款进度", weight: 7, place: "shop",
		models: all, tags: []string{"退款"}, order: true, reason: "changed_mind", money: true, codes: []string{"refunded", "answered"}, causes: []string{"service", "information"},
		subjects: []string{"退款什么时候到账", "退货已签收五天还没退款", "订单 {order} 退款 {amount} 元"},
		opens: []string{
			"上周退的货，物流显示你们已经签收五天了，{amount} 元还没退。", "客服说 48 小时内退款，今天第四天了。", "只退了一半的钱，{amount} 元还差一部分，请核对一下。",
		},
		details: []string{"订单号 {order}。", "用信用卡付的，会退到卡里吗？", "再不退我就投诉到平台了。", "优惠券能一起退回来吗？"},
		asks: []string{
			"您好，我是{agent}，正在核对退货入库记录，今天下班前给您准确的到账时间。",
			"您好，退款已提交财务，信用卡原路退回一般需要 3-5 个工作日。请您提供一下退货运单号，我再催一遍。",
		},
		answers: []string{"运单号我找一下…… 9900112233。", "好，那我等到明天。", "怎么又要等？已经说过两次了。"},
		notes:   []string{"仓库漏扫入库，已补录。", "客户第三次来问，优先处理。@{colleague} 请今天放款。", "优惠券不退现，可补发一张同面额的。"},
		finals:  []string{"{amount} 元已原路退回，银行流水号可在账单查看。耽误您了，非常抱歉。", "退款已完成，优惠券也已补发到您的账户，有效期 90 天。"},
	},
	{
		key: "invoice", lang: "zh-CN", typ: "enquiry", category: "订单与发票/发票", weight: 5, place: "shop",
		models: all, tags: []string{"发票"}, order: true, codes: []string{"answered"}, causes: []string{"information"},
		subjects: []string{"订单 {order} 开具电子发票", "发票抬头写错了", "要增值税专用发票"},
		opens: []string{
			"请给订单 {order} 开电子发票，抬头是公司。", "发票抬头少写了两个字，公司不给报销，能重开吗？", "公司采购，需要增值税专用发票，应该提供哪些资料？",
		},
		details: []string{"税号稍后补充。", "月底前要报销，请帮忙快一点。", "发到这个邮箱就可以。"},
		asks:    []string{"您好，请提供抬头、税号和收票邮箱，我们一个工作日内开具。", "您好，我是{agent}。重开需要先红冲原发票，请确认原发票尚未入账。"},
		answers: []string{"抬头：示例贸易有限公司，税号：91000000DEMO000001。", "没有入账，可以红冲。"},
		notes:   []string{"跨月红冲要走财务审批。"},
		finals:  []string{"电子发票已发送到您的邮箱，请查收。", "原发票已红冲，新的发票已开具，抬头已更正。"},
	},
	{
		key: "price", lang: "zh-CN", typ: "enquiry", category: "订单与发票/价格保护", weight: 3, place: "shop",
		models: all, tags: []string{"价保"}, order: true, money: true, codes: []string{"compensated", "answered"}, causes: []string{"information"},
		subjects: []string{"买完三天就降价了，能价保吗", "申请价格保护 {amount} 元"},
		opens:    []string{"三天前买的 {model}，今天便宜了 {amount} 元，能退差价吗？", "页面写着 30 天价保，申请的时候提示不符合条件。"},
		details:  []string{"订单号 {order}。", "截图已经留着了。"},
		asks:     []string{"您好，我是{agent}。请发一下现在页面的截图，同一店铺同一型号、非限时秒杀就可以补差。"},
		answers:  []string{"截图在附件里，就是官方店。", "好像是秒杀价，那不行吗？"},
		notes:    []string{"今天的活动是秒杀，规则上不保，VIP 可以特批。"},
		finals:   []string{"差价 {amount} 元已退回原支付账户。", "很抱歉，秒杀价不在价保范围内。已为您补发一张满减券，下次可用。"},
	},
	{
		key: "points", lang: "zh-CN", typ: "enquiry", category: "账户与会员/积分", weight: 3, place: "south",
		models: all, tags: []string{"会员"}, codes: []string{"answered"}, causes: []string{"information", "software"},
		subjects: []string{"会员积分没到账", "积分兑换的滤芯没发货", "会员等级怎么掉了"},
		opens:    []string{"买了 {model}，说好送积分，一周了还是 0。", "上个月用积分换的滤芯一直没发货。", "昨天还是金卡会员，今天变成普通会员了。"},
		details:  []string{"手机号就是注册的这个。", "订单号 {order}。"},
		asks:     []string{"您好，我是{agent}。积分在确认收货七天后发放，请看一下订单是否已点“确认收货”。"},
		answers:  []string{"刚点了确认收货。", "早就确认了，还是没有。"},
		notes:    []string{"积分系统上周三停过两小时，补发名单里有这个客户。"},
		finals:   []string{"积分已补发，请刷新查看。", "滤芯今天发出，运单号会短信通知您。"},
	},
	{
		key: "engineer", lang: "zh-CN", typ: "complaint", category: "服务/工程师服务", weight: 4, place: "care",
		models: all, tags: []string{"投诉"}, priority: 3, codes: []string{"compensated", "answered", "forwarded"}, causes: []string{"service"},
		subjects: []string{"投诉：师傅约了三次都没来", "上门师傅态度很差", "维修师傅把地板划了"},
		opens: []string{
			"约了三次，每次都说路上堵，最后人也没来，我请了两天假！", "师傅进门鞋套都不穿，问两句还不耐烦。", "修 {model} 的时候把木地板划了一道，师傅说不归他管。",
		},
		details: []string{"请给我一个说法，不然我就打 12315。", "有录音和照片。", "你们{city}的网点换个人行不行？"},
		asks: []string{
			"您好，我是{agent}，非常理解您的心情，先向您道歉。我会今天之内向网点核实，并给您一个处理方案。",
			"您好，这样的服务不应该发生。请把地板的照片发来，我们按流程评估赔付。",
		},
		answers: []string{"我等你们的方案，明天之前。", "照片发了，划痕大概三十厘米。", "道歉有什么用，我要换一个师傅来。"},
		notes:   []string{"网点承认改派失误，罚单已开。@{colleague} 请定补偿。", "客户情绪激动，后续由主管回电。"},
		finals:  []string{"网点负责人已上门致歉并更换了师傅，另补偿 200 元。感谢您给我们改正的机会。", "地板修复费用 350 元已全额赔付，涉事人员已停岗培训。"},
	},
	{
		key: "fee", lang: "zh-CN", typ: "complaint", category: "服务/收费争议", weight: 3, place: "care",
		models: all, tags: []string{"投诉", "收费"}, priority: 3, money: true, codes: []string{"refunded", "answered"}, causes: []string{"information", "service"},
		subjects: []string{"保修期内为什么收我 {amount} 元", "上门费收得不合理"},
		opens:    []string{"机器还在保修期，师傅收了 {amount} 元，说是材料费，也没给收据。", "检查了五分钟，什么都没换，收上门费 {amount} 元，凭什么？"},
		details:  []string{"订单号 {order}，买了才{days}个月。", "微信转给师傅个人的。"},
		asks:     []string{"您好，我是{agent}。请把付款记录截图发来，我们核对收费单；保修期内的材料是不收费的。"},
		answers:  []string{"截图发了，收款的是个人账号。", "没有收费单，就口头说的。"},
		notes:    []string{"私收费用，转质检。@{colleague}"},
		finals:   []string{"核实为违规收费，{amount} 元已退回，并对网点做了处罚。", "上门检测费符合公示标准，但工程师没有提前告知，是我们的问题，已为您免除。"},
	},
	{
		key: "praise", lang: "zh-CN", typ: "praise", category: "服务/客服服务", weight: 2, place: "east",
		models: all, tags: []string{"表扬"}, codes: []string{"answered"}, causes: nil, quick: true,
		subjects: []string{"表扬上门的师傅", "给客服点赞"},
		opens:    []string{"今天来修 {model} 的师傅特别细心，修完还把地擦干净了，请表扬！", "昨晚十点多还有人回消息，问题也解决了，谢谢你们的客服。"},
		details:  []string{"希望一直保持。", "会推荐给朋友的。"},
		asks:     []string{"感谢您的表扬！我们会把您的话转给这位同事，祝您生活愉快。"},
		answers:  []string{"不客气。"}, notes: []string{"登记到本月表扬榜。"},
		finals: []string{"您的表扬已转达，谢谢您的支持！"},
	},
	{
		key: "idea", lang: "zh-CN", typ: "suggestion", category: "小家电/净水器", weight: 2, place: "south",
		models: all, tags: []string{"建议"}, codes: []string{"forwarded"}, causes: nil, quick: true,
		subjects: []string{"建议 APP 增加滤芯提醒", "希望说明书字大一点"},
		opens:    []string{"净水器滤芯该换了 APP 也不提醒，建议加一个提醒。", "说明书的字太小，爸妈看不清，建议出一份大字版。"},
		details:  []string{"别的牌子早就有了。", "谢谢。"},
		asks:     []string{"感谢您的建议，已经记录并转给产品部门评估。"},
		answers:  []string{"好的，期待。"}, notes: []string{"产品部已收，排进下个版本讨论。"},
		finals: []string{"您的建议已被采纳，预计下个版本上线。"},
	},
}

// Words that fit any conversation.
var (
	helloZH   = []string{"", "", "", "你好，", "您好，", "客服你好，", "在吗？", "麻烦问一下，"}
	chaseZH   = []string{"请问处理得怎么样了？", "有人吗？等了很久了。", "还没有消息吗？昨天说今天给答复的。", "麻烦催一下，谢谢。", "再问一次，进度到哪里了？"}
	waitZH    = []string{"您好，您的问题已在处理，有进展我会第一时间联系您。", "让您久等了，我刚刚又催了一次，今天会有结果。", "抱歉让您等这么久，这件事由我跟进到底。"}
	confirmZH = []string{"好了，谢谢！", "可以了，辛苦你们。", "问题解决了，服务不错。", "嗯，现在正常了。", "收到，谢谢{agent}。"}
	reopenZH  = []string{"又出现了，和上次一模一样，怎么回事？", "才好了两天，问题又来了。", "没有解决！请重新安排。", "刚收到通知说已解决，可是我这边还没好。"}
	holdZH    = map[string]string{"part": "配件缺货，已向总仓申请，预计三天到货。", "third_party": "等承运商/平台核实结果。", "appointment": "客户出差，约到下周再上门。", "department": "等财务和质量部意见。", "logistics": "换新件在途。"}
	onHoldZH  = map[string]string{"part": "您好，需要的配件正在调货，预计三天内到，到货当天给您打电话约时间。", "third_party": "您好，我们正在等对方核实，一有结果马上告诉您。", "appointment": "好的，按您的时间为您保留预约，届时提前一天与您确认。", "department": "您好，您的情况已提交相关部门确认，最晚后天给您答复。", "logistics": "您好，换新件已经发出，送达后我再跟您确认。"}
	moveZH    = []string{"需要上门检修，转维修调度安排工程师", "涉及退款，请售后核对入库", "承运商责任，请物流跟进", "客户要求同一位同事跟进", "不属于本组区域，转对应小组"}
	cancelZH  = map[string]string{"withdrawn": "客户来电说已经好了，不用处理。", "invalid": "内容为空，电话无人接听。", "spam": "广告。", "test": "内部测试。"}
	spamZH    = []string{"低价代开各类票据，量大从优", "【推广】店铺流量提升方案"}
)
