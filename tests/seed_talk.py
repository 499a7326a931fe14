"""Conversations about the articles in seeds/, written for this project before they were first run.

Of a turn: what is typed; words that the question as asked must hold, and words that it may not; and words that stand
in the original where the articles answer it, "" where they do not. `STAYS` says that the question changes the topic or
stands by itself, and must be asked as it was typed. The first turn of each conversation opens it and is not counted.
"""

from typing import NamedTuple

STAYS = "="


class Said(NamedTuple):
    """A turn of a conversation."""

    typed: str
    words: str = STAYS
    without: str = ""
    found: str = ""


ENGLISH: list[list[Said]] = [
    [
        Said("Why did Jasper decline?"),
        Said("and how much money had it raised in 2022?", "Jasper raised 2022", "it", "1.25億"),
        Said("how far did its visits fall?", "Jasper visits", "its", "將近四成"),
        Said("Who are its customers?", "Jasper customers", "its", "客人多是企業"),
        Said("How do I bake sourdough bread?"),
        Said("Is it going to rain in Shanghai tomorrow?"),
    ],
    [
        Said("How much money did SenseTime lose in 2022?"),
        Said("and in 2021?", "SenseTime lose 2021", "2022"),
        Said("why?", "why SenseTime lose", "how much"),
        Said("When was it founded?", "SenseTime founded", "it", "2014 年成立"),
        Said("Who invested in it first?", "SenseTime invested", "it", "IDG"),
        Said("What is the capital of France?"),
        Said("And CloudWalk's revenue in 2022?", "CloudWalk revenue 2022", "SenseTime France", "5.3 億"),
    ],
    [
        Said("How much money did SenseTime lose in 2022?"),
        Said("what about CloudWalk?", "CloudWalk lose 2022", "SenseTime", "9.27 億"),
        Said("When did Megvii apply to go public?", STAYS, "", "2021 年 9 月"),
        Said("and Yitu?", "Yitu public", "Megvii", "同一年上市未果"),
    ],
    [
        Said("How long were Runway's clips before Sora?"),
        Said("and Pika's?", "Pika clips", "Runway", "Pika three"),
        Said("Who said that the jump to a minute is enormous?", STAYS, "", "Ma Qianli"),
        Said("which company does he work for?", "Ma Qianli company", "he", "Wujie AI"),
        Said("Thanks, that helps!"),
        Said("How long is a single episode of a Chinese short drama?", STAYS, "", "30到60秒"),
    ],
    [
        Said("Who led research on the team behind Sora?"),
        Said("how many core members does it have?", "Sora core members", "it", "12名核心成员"),
        Said("What does Yin Xueyuan think of Sora?"),
        Said("And Zhu Jiang?", "Zhu Jiang think Sora", "Yin"),
        Said("which company does he run?", "Zhu Jiang company", "he", "井英科技"),
    ],
    [
        Said("What happened to Inly Media's shares?"),
        Said("how much did they rise in four trading days?", "Inly Media rise", "they", "88 percent"),
        Said("How about Wondershare?", "Wondershare", "Inly", "more than 4 percent"),
        Said("Who is the founder of 360?", STAYS, "", "Zhou Hongyi"),
        Said("what did he do?", "Zhou Hongyi", "he", "rushed to comment"),
    ],
    [
        Said("What do lessons about Sora cost on Xianyu?"),
        Said("how many offers were there?", "Sora Xianyu offers", "", "59 offers"),
        Said("What does Shen Meng say about that?", "Shen Meng Sora", "", "mirrors a wider habit"),
        Said("When did Microsoft invest in OpenAI?", STAYS, "", "2019年"),
        Said("how much?", "Microsoft invest OpenAI", "when", "10亿美元"),
        Said("Which flights go from Oslo to Bergen on Mondays?"),
    ],
]

CHINESE: list[list[Said]] = [
    [
        Said("Jasper为什么衰落？"),
        Said("那它融了多少钱？", "Jasper 融 多少", "它", "1.25億"),
        Said("访问量掉了多少？", "Jasper 访问量", "", "將近四成"),
        Said("红烧肉要炖多久才会软烂？"),
        Said("明天上海会下雨吗？"),
    ],
    [
        Said("Jasper为什么衰落？"),
        Said("那思必驰呢？", "思必驰 为什么 衰落", "Jasper", "大公司擠占"),
        Said("它哪一年开始研究人机对话的？", "思必驰 哪一年 人机对话", "它", "2007年"),
        Said("上市成功了吗？", "思必驰 上市", "", "失敗收場"),
        Said("影谱科技D轮融了多少钱？", STAYS, "", "13.6億"),
        Said("什么时候开始做AI的？", "影谱科技 什么时候 AI", "", "2016年"),
        Said("市场份额呢？", "影谱科技 份额", "", "七成以上"),
    ],
    [
        Said("商汤2022年亏了多少钱？"),
        Said("那2018年到2022年一共呢？", "商汤 2018年 2022年 亏", "", "400 多億"),
        Said("为什么？", "为什么 商汤 亏", ""),
        Said("它什么时候成立的？", "商汤 什么时候 成立", "它", "2014 年成立"),
        Said("谁最早投的？", "商汤 谁 投", "", "IDG"),
        Said("客户有多少家？", "商汤 客户", "", "2,400 家"),
        Said("端午节为什么吃粽子？"),
    ],
    [
        Said("商汤2022年亏了多少钱？"),
        Said("云从呢？", "云从 2022年 亏", "商汤", "9.27 億"),
        Said("旷视什么时候申请上市的？", STAYS, "", "2021 年 9 月"),
        Said("那依图呢？", "依图 上市", "旷视", "同一年上市未果"),
    ],
    [
        Said("短剧一集有多长？"),
        Said("井英科技推出的短剧应用叫什么？", STAYS, "", "Reel.AI"),
        Said("播放量怎么样？", "井英科技 播放量", "", "過百萬"),
        Said("CEO是谁？", "井英科技 CEO", "", "朱江"),
        Said("他怎么看超级应用？", "朱江 超级应用", "他", "超級應用"),
        Said("从奥斯陆到卑尔根的航班有哪些？"),
    ],
    [
        Said("王啸怎么看Sora？"),
        Said("尹学渊呢？", "尹学渊 Sora", "王啸"),
        Said("王啸觉得算力重要吗？", STAYS, "", "算力很關鍵"),
        Said("為什麼？", "王啸 算力", ""),
        Said("谁发明了电话？"),
    ],
    [
        Said("百度推出了什么大模型？"),
        Said("阿里呢？", "阿里 推出 大模型", "百度", "通义千问"),
        Said("那价格呢？", "阿里 价格", ""),
        Said("PixelDance是哪家公司发布的？", STAYS, "", "字节跳动发布了PixelDance"),
        Said("什么时候？", "PixelDance 什么时候", "", "2023年11月18日"),
        Said("谢谢，很有帮助！"),
    ],
]

LATER_ENGLISH: list[list[Said]] = [
    [
        Said("When did AISpeech start its research?"),
        Said("did its IPO work out?", "AISpeech IPO", "its"),
        Said("what went wrong?", "AISpeech wrong"),
        Said("and Moviebook?", "Moviebook", "AISpeech"),
    ],
    [
        Said("Which companies did Alibaba invest in?"),
        Said("What about Tencent?", "Tencent invest", "Alibaba"),
        Said("why do they do that?", "Tencent"),
        Said("Does the moon have an atmosphere?"),
        Said("how big is it?", "moon", "it"),
    ],
    [
        Said("How many employees does SenseTime have?"),
        Said("and how many of them are scientists?", "SenseTime scientists", "them"),
        Said("what did R&D cost in 2021?", "SenseTime R&D 2021"),
        Said("who is its co-founder?", "SenseTime co-founder", "its"),
        Said("What did Niu Kuiguang say?"),
    ],
    [
        Said("Why is a longer clip harder to make?"),
        Said("who says so?", "clip"),
        Said("what do GF Securities analysts think of Sora's principles?"),
        Said("do they expect business use soon?", "GF Securities business", "they"),
    ],
]

LATER_CHINESE: list[list[Said]] = [
    [
        Said("影谱科技是做什么的？"),
        Said("它有多少用户？", "影谱科技 用户", "它"),
        Said("后来为什么不行了？", "影谱科技 为什么"),
        Said("还有谁做这个？", "影谱科技"),
        Said("黄仁勋看到了什么？"),
        Said("他为什么能成功？", "黄仁勋 成功", "他"),
    ],
    [
        Said("字节跳动有没有做视频模型？"),
        Said("叫什么名字？", "字节跳动 视频模型 名字"),
        Said("跟Sora比怎么样？", "字节跳动 Sora"),
        Said("腾讯投资了哪些AI公司？"),
        Said("阿里呢？", "阿里 投资", "腾讯"),
        Said("最新的是哪一家？", "阿里"),
    ],
    [
        Said("2021年商汤的研发费用是多少？"),
        Said("占营收多少？", "商汤 研发 营收"),
        Said("2018年呢？", "商汤 2018年 研发"),
        Said("行政开支呢？", "商汤 行政开支"),
        Said("猫为什么喜欢纸箱？"),
        Said("狗呢？", "狗 喜欢 纸箱", "猫"),
    ],
]
