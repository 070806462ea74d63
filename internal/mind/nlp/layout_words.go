package nlp

// layoutWords tell what a line is for: greeting, closing, the text of a
// machine.
var layoutWords = []lexicon{
	{cueHello, 1, `您好|你好|亲|在吗|在么|在不在|有人吗|有人在吗|有人么|早上好|上午好|中午好|下午好|晚上好|大家好|客服你好|客服您好|尊敬的客服|尊敬的客服人员|尊敬的领导|尊敬的先生|尊敬的女士|尊敬的工作人员|各位领导|敬启者|哈喽|嗨|打扰了|打扰一下|不好意思打扰|hi|hello|hey|dear|greetings|good morning|good afternoon|good evening|good day|to whom it may concern|hi there|hello there|hi team|dear team|dear sir|dear sirs|dear madam|dear sir or madam|dear customer service|dear support|dear support team|hope you are well|hope you're well|hope this email finds you well|hope this finds you well|i hope you are doing well|客服|亲亲|老师好|老师您好|小姐姐|小哥哥|anyone there|is anyone there|anybody there`},
	{cueBye, 1, `此致|敬礼|祝好|祝商祺|顺祝商祺|祝工作顺利|祝您工作愉快|祝您生活愉快|祝您|谨上|敬上|敬启|盼复|期待您的回复|期待回复|等待您的回复|望回复|望尽快回复|望及时回复|best regards|kind regards|warm regards|regards|best wishes|yours sincerely|yours faithfully|yours truly|sincerely|sincerely yours|cheers|all the best|many thanks|thanks in advance|thank you in advance|thanks and regards|thanks & regards|with kind regards|looking forward to your reply|looking forward to hearing from you|look forward to hearing from you|awaiting your reply|thanking you|respectfully|cordially|best,`},
	{cueBoilerplate, 1, `发自我的*|来自我的*|从我的*iphone*|发自iphone|发自手机|发自网易邮箱*|发自 outlook*|来自qq邮箱*|从 qq邮箱*|sent from my|sent from outlook|sent from mail for|sent from yahoo|get outlook for|confidential|confidentiality notice|disclaimer|this email and any attachments|this message and any attachments|this e-mail and any|intended recipient|if you are not the intended|if you have received this*in error|received this email in error|please consider the environment|unsubscribe|本邮件及其附件|本邮件含有|本邮件为系统自动|系统自动发送|请勿直接回复|请勿回复|保密信息|如果您错误|如您错误|免责声明|virus-free|scanned by|do not reply to this|automatically generated|all rights reserved|版权所有|退订请|通话时间:|录音编号|坐席工号|工号|转写结果|original message|原始邮件|forwarded message|转发邮件|以下为原始|发件人:|收件人:|抄送:|主题:|发送时间:|from:|sent:|cc:|subject:`},
	{cuePolite, 0.3, `谢谢|感谢|多谢|谢了|thanks|thank you|thx|thank u|ty|much appreciated|appreciate it|appreciated|非常感谢|万分感谢|辛苦了|麻烦了|麻烦您了|麻烦你了|拜托了|劳驾`},
	{cuePolite, 0.1, `请|麻烦|烦请|劳烦|please|pls|plz|kindly|could you|would you mind`},
}

// matterWords tell requests from facts, one matter from the next, and what a
// matter is about.
var matterWords = []lexicon{
	{cueAsk, 2, `怎么办|怎么处理|怎么解决|我要求|要求|申请|请求|需要|麻烦|帮我|帮忙|请帮|请尽快|请处理|请安排|请核实|请退|请给|请把|请修|请重|请补|请发|请寄|请换|请取消|请改|请关|给我退|给我换|给个说法|想退|想换|要退|要换|想取消|想改|求|退款|退货|换货|补发|维修|上门|开票|开发票|取消订单|核实|催|帮我查|查一下|处理一下|解决一下|改成|改为|改到|取消|开通|关闭|恢复|退还|赔|寄回|重发|重寄|安排`},
	{cueAsk, 2, `please|i need|we need|need to|help me|help with|requesting|i request|request|refund|replace|replacement|exchange|cancel|fix|repair|send me|send a|resend|update my|change my|reset|arrange|reschedule|remove|restore|unlock|correct|i want|i'd like to return|i'd like to cancel|swap|come and|someone to|could someone|can someone|invoice for|reissue|credit`},
	{cueAsk, 1, `怎么弄|如何处理|如何解决|怎样才能|请问|想问|想咨询|咨询一下|问一下|问下|想了解|想知道|我想要|希望|能否|能不能|可不可以|可以吗|行不行|是否可以|可否|怎么|如何|怎样|为什么|为何|为啥|什么时候|啥时候|何时|多久|几时|哪里|在哪|多少钱|多少|要几天|得几天|几天能|想要|我要|想买|有没有|是不是|吗|咋办|咋`},
	{cueAsk, 1, `how do i|how can i|how to|how long|how much|how many|what is|what's the|what are|when will|when can|when is|where is|where's|where are|where can|why is|why was|why did|why am|why do|why have|which|who can|can you|can i|can we|could you|could i|could we|would you|would it|will you|will it|is there|is it|are there|are you|do you|do i|does it|did you|i'd like|i would like|we would like|we'd like|want to|looking for|asking for|i am writing to|i'm writing to|wondering|let me know|tell me|advise`},
	{cueProblem, 2, `坏了|坏的|坏掉|故障|不能用|用不了|无法|打不开|开不了机|不开机|不启动|启动不了|登不上|登录不了|登不进|不制冷|不加热|不工作|不转|没反应|没有反应|没收到|没有收到|未收到|没到|还没到|没发货|不发货|未发货|没到账|未到账|发错|少发|漏发|错发|破损|损坏|碎了|裂|漏水|漏气|漏电|报错|错误|出错|失败|异常|闪退|卡死|死机|黑屏|蓝屏|白屏|花屏|断网|掉线|噪音|异响|有问题|出问题|出现问题|质量问题|扣了两次|多扣|重复扣|乱扣|扣费|超时|丢了|丢失|不见了|找不到|过期|变质|发霉|缺货|不对|不符|不一致|不好使|失灵|跳闸|停电|没信号|连不上|收不到|发不出|不显示|不出水|不通|不亮|不充电|充不进|投诉|冻结|被封|被盗`},
	{cueProblem, 2, `broken|broke|not working|doesn't work|does not work|don't work|didn't work|won't|can't|cannot|can not|unable to|not able to|stopped working|stops working|isn't working|aren't working|failed|fails|failure|failing|error|errors|problem|issue|issues|trouble|wrong|missing|lost|late|delayed|delay|damaged|defective|faulty|cracked|leaking|leaks|leak|crash*|crashed|freez*|frozen|stuck|not received|haven't received|have not received|never received|never arrived|hasn't arrived|has not arrived|not arrived|didn't arrive|not delivered|charged twice|double charged|overcharged|charged me|unauthorized|locked out|blocked|declined|rejected|expired|noise|noisy|slow|down|outage|blank screen|black screen|complaint|incorrect|doesn't turn on|won't turn on|dead|mismatch*|doesn't match|spoiled|out of stock|no response|no reply|still waiting|not charging`},
	{cueOther, 3, `还有一个问题|还有个问题|还有一件事|还有件事|另外一个问题|另一个问题|另一件事|另外一件事|再问一个|再问一下|再咨询一下|再咨询一个|顺便问|顺便问一下|顺便问下|顺便咨询|顺便再问|另外想问|另外问一下|另外问下|另外咨询|另外我想问|另外还想问|还想问|还想咨询|还想问一下|第二个问题|第二件事|第三个问题|第三件事|两个问题|两件事|三个问题|三件事|几个问题|几件事|此外还想|对了还有|对了再问|再有一个|再一个问题|其二|one more thing|one more question|another question|another issue|another thing|another problem|second question|second issue|second thing|third question|separate issue|separate question|separately|unrelated|on another note|on a different note|on a separate note|two questions|two things|two issues|three questions|three things|a couple of questions|a couple of things|a few questions|secondly|second,|while i'm here|while i am here|while i have you|by the way|btw|different matter|another matter|a second matter|another order`},
	{cueFurther, 1, `另外|此外|还有|再就是|顺便|顺带|除此之外|同时|再者|其次|对了|另|also|in addition|additionally|besides|furthermore|moreover|plus|ps|p.s|p.s.`},

	{cueTopic, 1, `快递|物流|发货|配送|送货|派送|签收|包裹|到货|运单|快递员|没收到|催发货|运费|delivery|deliver|delivered|shipping|shipped|shipment|parcel|package|courier|tracking|arrive*|in transit`},
	{cueTopic, 2, `退款|退货|退钱|退回|退换|七天无理由|仅退款|到账|退押金|refund*|return|returned|returning|money back`},
	{cueTopic, 3, `发票|开票|抬头|税号|专票|普票|电子票|invoice*|receipt|vat|tax number`},
	{cueTopic, 4, `坏了|维修|报修|故障|不制冷|不启动|不开机|漏水|师傅上门|上门维修|黑屏|死机|异响|噪音|不工作|repair|broken|stopped working|not working|leak*|noise|technician|warranty|保修|质保|won't turn on|doesn't work|faulty`},
	{cueTopic, 5, `账号|账户|密码|登录|登陆|验证码|注册|实名|注销|绑定|解绑|手机号|account|password|log in|login|sign in|verification code|two-factor|2fa|username|email address`},
	{cueTopic, 6, `扣费|扣款|多扣|账单|月租|话费|收费|续费|自动续费|重复扣|资费|流量|充值|余额|手续费|利息|charge|charged|billing|bill|billed|payment|fee|fees|subscription|renewal|overcharged|balance|top up`},
	{cueTopic, 7, `安装|装机|预约安装|移机|install|installation|installed|installer|set up|setup`},
	{cueTopic, 8, `优惠券|优惠|红包|积分|折扣|满减|活动|赠品|会员|价保|差价|保价|降价|coupon*|voucher*|discount*|promo*|points|loyalty|price match|gift`},
	{cueTopic, 9, `改地址|修改地址|收货地址|换地址|地址写错|地址填错|改电话|更改收货|change*address|change the address|change my address|delivery address|shipping address|new address|wrong address|update my address`},
	{cueTopic, 10, `换货|换一个|换新|换个|换大|换小|尺码|码数|exchange|replacement|swap|different size`},
	{cueTopic, 11, `客服态度|服务态度|态度差|态度恶劣|态度极差|投诉|举报|rude|complaint|complain|attitude|unprofessional`},
	{cueTopic, 12, `有货|库存|多少钱|价格|报价|规格|参数|尺寸|型号|兼容|支持吗|新款|补货|in stock|availability|price|quote|compatible|specification*|specs|datasheet`},
	{cueTopic, 13, `建议|希望增加|能不能增加|新增功能|功能建议|suggestion|suggest|feature request|would be nice|it would be great if`},
	{cueTopic, 14, `取消订单|撤单|取消预约|退订|取消订阅|cancel`},
	{cueTopic, 15, `宽带|网络|网速|断网|信号|wifi|wi-fi|路由器|internet|broadband|network|signal|router`},
	{cueTopic, 16, `合同|协议|续约|签约|contract|agreement`},
	{cueTopic, 17, `使用方法|怎么用|怎么使用|说明书|教程|怎么设置|how do i use|manual|instructions|user guide|how to use`},
	{cueTopic, 18, `导出|报表|接口|api|export|report|dashboard|integration|webhook|csv`},
	{cueTopic, 19, `预约|预订|订房|改签|机票|航班|酒店|座位|行李|booking|reservation|flight|hotel|seat|luggage|baggage|check-in|reschedule`},
}
