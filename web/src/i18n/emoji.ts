// A small set for messages to customers; words are Chinese and English.
import type { Key } from './index'

export interface Emoji { sign: string; words: string }
const of = (text: string): Emoji[] => text.split('|').map((x) => { const [sign = '', ...words] = x.split(' '); return { sign, words: words.join(' ') } })

export const emoji: { key: Key; list: Emoji[] }[] = [
  { key: 'emoji.faces', list: of('😊 微笑 smile|😀 开心 grin happy|😄 大笑 laugh|😁 呲牙 beam|😂 笑哭 joy tears|🙂 浅笑 slight smile|😉 眨眼 wink|😍 喜欢 love eyes|🥰 喜爱 adore|😘 飞吻 kiss|😋 美味 yum|😎 酷 cool|🤗 拥抱 hug|🤔 思考 think|😅 汗 sweat|😓 惭愧 ashamed|😔 遗憾 pensive sorry|😢 难过 sad cry|😭 大哭 sob|😮 惊讶 surprised|😲 震惊 astonished|😴 睡觉 sleep|😷 口罩 mask|🤒 生病 sick|😠 生气 angry|😱 害怕 scream|🥳 庆祝 party|🤝 合作 handshake deal') },
  { key: 'emoji.hands', list: of('👍 赞 好 thumbs up good|👎 踩 thumbs down|👌 好的 ok|🙏 感谢 拜托 thanks please|👏 鼓掌 clap|💪 加油 strong|👋 你好 再见 wave hello bye|✌️ 胜利 victory|🤞 祝好运 luck|👉 指右 point right|👈 指左 point left|👇 指下 point down|☝️ 注意 point up|✍️ 书写 write|🫶 比心 heart hands|🙇 鞠躬 抱歉 bow sorry') },
  { key: 'emoji.things', list: of('📦 包裹 快递 package parcel|🚚 配送 物流 delivery truck|🧾 发票 收据 receipt invoice|💰 退款 钱 money refund|💳 银行卡 card|📱 手机 phone|☎️ 电话 telephone|📧 邮件 mail|📷 拍照 camera photo|📄 文件 document|📎 附件 clip attachment|🔧 维修 wrench repair|🔨 安装 hammer install|🔌 电源 plug|🔋 电池 battery|💡 提示 灯 idea bulb|🏠 家 上门 home|🏢 公司 office|🗓️ 日期 预约 calendar appointment|⏰ 时间 提醒 alarm time|🎁 礼物 gift|🎉 恭喜 celebrate|🌹 玫瑰 rose|☕ 咖啡 coffee|❄️ 制冷 cold|🔥 热 火 hot fire|💧 漏水 水 water leak|🧊 冰箱 ice') },
  { key: 'emoji.signs', list: of('✅ 完成 done check|☑️ 已选 tick|❌ 错误 不行 cross no|❗ 重要 important|❓ 疑问 question|⚠️ 警告 注意 warning|ℹ️ 信息 info|⭐ 星 收藏 star|❤️ 爱心 heart|💙 蓝心 blue heart|💯 满分 hundred|🆗 好 ok|🆕 新 new|🔝 置顶 top|➡️ 右 right arrow|⬅️ 左 left arrow|⬆️ 上 up|⬇️ 下 down|🔄 刷新 重试 retry|🔍 查找 search|🔒 安全 lock|🔔 通知 bell|1️⃣ 一 one|2️⃣ 二 two|3️⃣ 三 three|4️⃣ 四 four') },
]
