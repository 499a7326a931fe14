"""Web pages of this project's own writing, in the shapes that pages have, with what cleaning must keep and remove."""

from typing import NamedTuple

__all__ = ["PAGES", "Page"]


class Page(NamedTuple):
    """`wanted` and `unwanted` are snippets of the page's visible text."""

    html: str
    wanted: tuple[str, ...]
    unwanted: tuple[str, ...]


_NEWS_TW = """\
<!DOCTYPE html>
<html lang="zh-TW"><head><meta charset="utf-8">
<title>渡輪停航第三週，島上改吃自己種的菜 - 南岸日報</title>
<meta property="og:title" content="渡輪停航第三週，島上改吃自己種的菜">
<meta property="og:site_name" content="南岸日報">
<meta name="author" content="林子安">
<meta property="article:published_time" content="2024-03-05T07:30:00+08:00">
<link rel="canonical" href="https://news.example.org/island/2024/ferry">
<style>.ad { display: none } .share > a { color: red }</style>
<script>var page = "<p>這不是內文。</p>";</script>
</head><body>
<div class="header"><div class="logo"><a href="/">南岸日報</a></div>
<ul class="menu"><li><a href="/a">即時</a></li><li><a href="/b">政治</a></li><li><a href="/c">財經</a></li>
<li><a href="/d">生活</a></li><li><a href="/e">運動</a></li></ul></div>
<div class="breadcrumb"><a href="/">首頁</a> &gt; <a href="/d">生活</a> &gt; 正文</div>
<div class="main"><div class="article">
<h1>渡輪停航第三週，島上改吃自己種的菜</h1>
<div class="info"><span>記者 林子安</span> <span>2024-03-05 07:30</span> <span>瀏覽 3,418</span></div>
<div class="share"><a href="#">分享到 Facebook</a><a href="#">LINE</a><a href="#">複製連結</a></div>
<div class="content">
<p>連接本島與烏石嶼的渡輪因為引擎零件缺貨，從二月十二日起停駛，到昨天已經滿三個星期。島上唯一的雜貨店只剩下罐頭和米，<b>葉菜的架子是空的</b>。</p>
<p>「我們這一輩小時候本來就吃自己種的。」七十四歲的陳阿水指著屋後的菜園說。他今年多種了兩畦地瓜葉，分給沒有田的鄰居，一天可以摘四十把。</p>
<div class="ad"><p>廣告：春季輪胎八折，買三送一</p></div>
<p>鄉公所統計，島上一百二十六戶裡有八十一戶在停航後重新整地。公所發出的菜種有空心菜、莧菜與秋葵三種，總共發了九百包，<a href="/seeds">種子</a>由農會免費提供。</p>
<h2>零件還要等多久</h2>
<p>船公司表示，缺的是一支燃油噴射泵，原廠已經停產，只能向挪威的拆船廠調貨。最快三月二十日到港，裝好後還要試航兩天才能載客。</p>
<p>在那之前，漁船每週兩次順路載運藥品。衛生所護理師說，慢性病的處方箋目前沒有中斷，但是疫苗必須冷藏，漁船沒有冰箱，所以接種先停。</p>
</div>
<p class="editor">責任編輯：周以辰</p>
</div>
<div class="related"><h3>相關新聞</h3><ul>
<li><a href="/1">離島航線補助明年調高一成</a></li>
<li><a href="/2">風災後的香蕉價格回穩</a></li>
<li><a href="/3">南方小學的校車換成電動車</a></li></ul></div>
<div class="comments" id="comments"><h3>網友留言</h3>
<div class="comment"><p>阿國：我外婆家就在那裡，希望船快點修好！</p></div>
<div class="comment"><p>小芳：地瓜葉真的很好吃，推一個。</p></div></div>
</div>
<div class="sidebar"><h3>熱門排行</h3><ol>
<li><a href="/7">週末寒流報到，低溫下探九度</a></li>
<li><a href="/8">捷運新線試營運首日湧入三萬人</a></li></ol></div>
<div class="footer">© 2024 南岸日報 版權所有，未經許可不得轉載</div>
<div class="cookie-banner">本網站使用 Cookie 以提供更好的服務。<button>同意</button></div>
</body></html>
"""

_NEWS_CN = """\
<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312">
<title>旧书市场搬家之后_北河晚报网</title>
<meta name="keywords" content="旧书,市场">
</head><body>
<table width="960"><tr><td><a href="/">首页</a> | <a href="/x">新闻</a> | <a href="/y">财经</a> | <a href="/z">体育</a></td></tr></table>
<div id="position">您当前的位置：<a href="/">首页</a> &gt; <a href="/c">文化</a></div>
<div id="article">
<h1 id="title">旧书市场搬家之后</h1>
<div id="source">来源：北河晚报　作者：许明远　2023年11月6日 09:12　<a href="#c">评论(27)</a></div>
<div id="content">
<p>　　每到周六早上五点，河堤下面就亮起手电筒。旧书市场从鼓楼搬到这里整整一年，摊位从三百二十个减到一百九十个，来的人却没有少。</p>
<p>　　摆摊二十二年的魏国强说，搬家前他一天卖八十本书，现在能卖六十本，但是摊位费从每月四百元降到了一百五十元。&ldquo;算下来差不多，就是冬天冷。&rdquo;他把棉手套摘下来，给一位大学生找零。</p>
<p>　　这位学生花十二元买了一本一九八五年的植物图鉴。她说，网上同一本要八十元，而且不知道缺不缺页。</p>
<p align="center"><img src="1.jpg"></p>
<p align="center">河堤下的旧书摊，摊主在整理连环画</p>
<p>　　市场管理方计划明年春天搭起顶棚，预算是六十四万元，由街道和摊主各出一半。管理员说，顶棚搭好以后，下雨天也可以开市。</p>
<p>　　也有人不想等。卖地图的老谢上个月收了摊，把剩下的一千多张地图捐给了区图书馆，图书馆给他办了一个小展览，展到年底。</p>
</div>
<div class="page"><a href="/1">1</a> <a href="/2">2</a> <a href="/2">下一页</a></div>
<div class="bdshare">分享到：<a>微信</a> <a>微博</a> <a>QQ空间</a></div>
<p>上一篇：<a href="/p">老城区的路灯换了新灯泡</a></p>
<p>下一篇：<a href="/n">冬季供暖提前三天开始</a></p>
</div>
<div id="hot"><h3>热门推荐</h3><ul><li><a href="/h1">这几种水果不要放冰箱</a></li>
<li><a href="/h2">一张图看懂公积金新规定</a></li><li><a href="/h3">北河马拉松报名人数破两万</a></li></ul></div>
<div id="foot">关于我们 | 联系我们 | 网站地图<br>版权所有 北河晚报网 未经书面授权不得转载<br>ICP备00000000号</div>
</body></html>
"""

_BLOG_EN = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>What a year of baking at altitude taught me | Thin Air Kitchen</title>
<meta name="description" content="Notes from 2,900 metres.">
<script type="application/ld+json">{"@context": "https://schema.org", "@type": "BlogPosting",
"headline": "What a year of baking at altitude taught me", "datePublished": "2022-10-14T08:00:00Z",
"author": {"@type": "Person", "name": "Marta Quispe"}, "publisher": {"@type": "Organization", "name": "Thin Air Kitchen"}}</script>
</head><body>
<a class="skip" href="#main">Skip to content</a>
<header><p class="site-title"><a href="/">Thin Air Kitchen</a></p><nav><ul><li><a href="/">Home</a></li>
<li><a href="/recipes">Recipes</a></li><li><a href="/about">About</a></li></ul></nav></header>
<main id="main"><article>
<header class="entry-header"><h1 class="entry-title">What a year of baking at altitude taught me</h1>
<div class="entry-meta">Posted on <time datetime="2022-10-14T08:00:00Z">October 14, 2022</time> by <a rel="author" href="/m">Marta Quispe</a></div></header>
<div class="entry-content">
<p>I moved to a town at 2,900 metres with a sourdough starter in my hand luggage, and for the first month
every loaf I made fell flat. Water boils at 90 degrees here, so the crumb sets <em>before</em> the crust does.</p>
<p>The first thing I changed was the flour. A strong flour with 13.5 percent protein holds the gas that the thin air
lets out; with the soft flour from the corner shop I lost about a third of the height.</p>
<blockquote><p>Bake it hotter and shorter than you think, my neighbour told me, and she was right.</p></blockquote>
<h2>Three numbers that work</h2>
<ul><li>Cut the yeast by a quarter, or the dough runs away from you.</li>
<li>Add two spoons of water for each cup of flour.</li><li>Raise the oven by 15 degrees.</li></ul>
<p>After a year my loaves are as tall as they were at the coast. I still keep a notebook, because a rainy week
changes everything: the dough on a wet day needs twenty minutes less.</p>
<pre><code>flour 500 g
water 370 g</code></pre>
</div>
<footer class="entry-footer">Filed under: <a href="/bread">Bread</a>, <a href="/altitude">Altitude</a></footer>
</article>
<section class="sharing"><h3>Share this:</h3><ul><li><a>Facebook</a></li><li><a>Pinterest</a></li></ul></section>
<section class="related-posts"><h3>You may also like</h3><ul><li><a href="/r1">Eleven soups for the dry season</a></li>
<li><a href="/r2">Why my pressure cooker whistles</a></li></ul></section>
<section id="comments" class="comments-area"><h2>2 Comments</h2><ol class="comment-list">
<li class="comment"><p>Great post! I have the same trouble in Bogota, thank you.</p></li>
<li class="comment"><p>Does it work with rye as well? Mine always sinks.</p></li></ol></section>
</main>
<aside class="widget-area"><h2>Subscribe</h2><p>Get a new recipe every Friday, straight to your inbox.</p></aside>
<footer class="site-footer"><p>Copyright 2022 Thin Air Kitchen. Proudly made in the Andes.</p></footer>
<div id="cookie-notice">We use cookies to make this site better. <button>Accept</button></div>
</body></html>
"""

_SOUP = """\
<html><head><title>修理舊收音機的三個步驟</title></head><body bgcolor=white>
<div id=top><a href=/>老電器論壇</a> <a href=/login>登入</a> <a href=/reg>註冊</a></div>
<div id=post>
<div class=h>修理舊收音機的三個步驟</div>
<div class=t>二手的真空管收音機大多還能響，問題通常出在三個地方。我修過四十幾台，先說最常見的。<br><br>
第一步是換電容。<font color=red>紙質電容放了五十年一定漏電</font>，量也不用量，直接換成薄膜電容，耐壓選六百伏特。<br>
第二步是清洗電位器。轉音量時有沙沙聲，就是裡面的碳膜髒了，噴一點接點清潔劑，來回轉二十次。<br><br>
第三步才是量真空管。多數管子沒有壞，只是管腳氧化，用細砂紙輕輕磨亮再插回去，十台有八台就好了。<br>
最後提醒：<b>電源拔掉以後濾波電容還存著三百伏特</b>，要先用電阻放電，再伸手進去，我自己被電過兩次。
</div></div>
<div class=sig>--<br>簽名檔：人生苦短，及時修機</div>
<div id=bottom><a href=/1>回上一頁</a> <a href=/2>回首頁</a><br>老電器論壇 版權所有</div>
</body></html>
"""

_TABLE = """\
<!DOCTYPE html><html><head><title>Tide tables for Gull Harbour, explained - Harbour Office</title>
<meta property="og:site_name" content="Harbour Office"><meta name="author" content="Office of the Harbour Master"></head>
<body><nav><a href="/">Home</a><a href="/tides">Tides</a></nav>
<div id="content"><h1>Tide tables for Gull Harbour, explained</h1>
<p>The tables below give the height of the water above chart datum at the inner quay. All times are local time,
and summer time is already added from the last Sunday of March.</p>
<table><caption>Heights at the inner quay</caption><tr><th>Day</th><th>High water</th><th>Height in metres</th></tr>
<tr><td>Monday</td><td>04:12</td><td>5.3</td></tr><tr><td>Tuesday</td><td>04:58</td><td>5.6</td></tr>
<tr><td>Wednesday</td><td>05:41</td><td>5.8</td></tr></table>
<p>A vessel that draws more than three metres must cross the bar within two hours of high water. Three rules apply
to every crossing:</p>
<ol><li>Call the harbour office on channel 12 before you pass the red buoy.</li>
<li>Keep the two white lights in line until you reach the breakwater.</li>
<li>Give way to the ferry, which cannot stop inside of the bar.</li></ol>
<p>When the wind blows from the north for more than a day, the water stands up to forty centimetres higher than the
tables say. The office then puts out a warning at six in the morning.</p></div>
<div id="side"><h4>Popular pages</h4><ul><li><a href="/m">Mooring fees for visitors</a></li>
<li><a href="/w">Webcam at the outer pier</a></li></ul></div>
<div id="footer">Harbour Office, 1 Quay Street. <a href="/privacy">Privacy policy</a></div></body></html>
"""

_HIDDEN = """\
<!DOCTYPE html><html><head><title>How the clock tower was rebuilt</title></head><body>
<div style="display:none">cheap watches replica watches best price watches online</div>
<div class="wrap"><div class="post-body"><h1>How the clock tower was rebuilt</h1>
<p>The tower lost its top in the storm of 1987 and stood open to the rain for nine years before anyone had the money
to close it. Pigeons nested in the works.</p>
<p>In 1996 a retired toolmaker named Piet Aalders offered to cut the missing wheels by hand. It took him
<span style="display: none">watches cheap</span>fourteen months, and he asked for nothing but the brass.</p>
<p hidden>Hidden paragraph that no reader of the page has ever seen on a screen.</p>
<p>The new top is oak, covered with lead, and weighs eleven tonnes. It was lifted in one piece on a still morning in
May, while the whole town stood in the square and held its breath.</p>
<p>Today the clock runs four seconds slow each week, and the caretaker sets it right every Sunday with a stick.</p>
</div></div>
<noscript>Please enable JavaScript to read this page.</noscript>
<div aria-hidden="true" style="visibility:hidden">replica tower replica clock</div>
</body></html>
"""

PAGES: dict[str, Page] = {
    "news, Traditional": Page(
        _NEWS_TW,
        (
            "渡輪停航第三週，島上改吃自己種的菜",
            "葉菜的架子是空的。",
            "一天可以摘四十把",
            "總共發了九百包，種子由農會",
            "零件還要等多久",
        )
        + ("試航兩天才能載客", "所以接種先停"),
        (
            "即時",
            "政治",
            "首頁",
            "瀏覽",
            "分享到",
            "LINE",
            "複製連結",
            "輪胎八折",
            "責任編輯",
            "相關新聞",
            "補助明年調高",
            "香蕉價格",
        )
        + (
            "網友留言",
            "我外婆家",
            "推一個",
            "熱門排行",
            "低溫下探",
            "捷運新線",
            "版權所有",
            "Cookie",
            "同意",
            "這不是內文",
        ),
    ),
    "news, Simplified": Page(
        _NEWS_CN,
        (
            "旧书市场搬家之后",
            "来的人却没有少",
            "“算下来差不多，就是冬天冷。”",
            "不知道缺不缺页",
            "整理连环画",
            "下雨天也可以开市",
            "展到年底",
        ),
        (
            "首页",
            "体育",
            "当前的位置",
            "评论(27)",
            "下一页",
            "QQ空间",
            "路灯换了新灯泡",
            "供暖提前",
            "热门推荐",
            "水果不要放冰箱",
        )
        + ("公积金", "马拉松", "网站地图", "不得转载", "ICP备"),
    ),
    "blog": Page(
        _BLOG_EN,
        ("What a year of baking at altitude taught me", "every loaf I made fell flat", "sets before the crust does")
        + ("I lost about a third of the height", "Bake it hotter and shorter", "Three numbers that work")
        + ("Cut the yeast by a quarter", "Raise the oven by 15 degrees", "twenty minutes less", "water 370 g"),
        ("Skip to content", "Recipes", "Filed under", "Share this", "Pinterest", "You may also like", "Eleven soups")
        + ("pressure cooker", "2 Comments", "trouble in Bogota", "work with rye", "straight to your inbox")
        + ("Proudly made", "We use cookies", "Accept"),
    ),
    "div and br": Page(
        _SOUP,
        (
            "修理舊收音機的三個步驟",
            "先說最常見的",
            "紙質電容放了五十年一定漏電，量也不用量",
            "來回轉二十次",
            "十台有八台就好了",
            "我自己被電過兩次",
        ),
        ("登入", "註冊", "回上一頁", "回首頁", "版權所有"),
    ),
    "table and lists": Page(
        _TABLE,
        (
            "Tide tables for Gull Harbour, explained",
            "is already added from the last Sunday",
            "High water",
            "Tuesday",
            "04:58",
        )
        + (
            "5.8",
            "within two hours of high water",
            "before you pass the red buoy",
            "cannot stop inside of the bar",
            "at six in the morning",
        ),
        ("Home", "Popular pages", "Mooring fees", "Webcam", "Privacy policy", "1 Quay Street"),
    ),
    "hidden text": Page(
        _HIDDEN,
        (
            "How the clock tower was rebuilt",
            "Pigeons nested",
            "fourteen months",
            "weighs eleven tonnes",
            "with a stick",
        ),
        ("watches cheap", "replica watches", "no reader of the page", "enable JavaScript", "replica tower"),
    ),
}
