package demo

import (
	"fmt"
	"strings"

	"yilu/ledger"
)

const (
	// households out of poverty and those of them that are watched: the seed's
	// figures [doc domain §8]. That the watched are among them is assumed.
	households        = 11_548
	watchedHouseholds = 354
	// poorVillages are out of poverty too.
	poorVillages = 52
)

// village is a made-up village of a real township.
type village struct {
	code, name string
	poor       bool
	households []household
}

// township is one of the county's sixteen with its made-up villages.
type township struct {
	ledger.Division
	villages []village
}

// poor lists the villages out of poverty.
func (t *township) poor() []*village {
	var out []*village
	for i := range t.villages {
		if t.villages[i].poor {
			out = append(out, &t.villages[i])
		}
	}
	return out
}

// government is the name of the township's office.
func (t *township) government() string {
	if strings.HasSuffix(t.Name, "街道") {
		return t.Name + "办事处"
	}
	return t.Name + "人民政府"
}

var (
	villageBegin = strings.Fields("大 小 东 西 南 北 前 后 上 下 老 新")
	villageName  = strings.Fields("王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 程 曹 袁 邓 许 侯 沈 耿 彭 吕 苏 卢 蒋 蔡 贾 丁 魏 薛 叶 阎 余 潘 杜 孟 夏 常 汪 田 任 姜 范 方 石 姚 谭 廖 邹 熊 金 陆 郝 孔 白 崔 康 毛 邱 秦 江 史 顾 邵 万 段 雷 钱 汤 尹 黎 易 武 乔 贺 赖 龚 文")
	villageEnd   = strings.Fields("庄 寨 楼 岗 店 营 湾 桥 洼 坡 堂 口 屯 沟")
)

// newCounty makes up villages and households: 52 villages out of poverty and
// 11,548 households over the sixteen townships.
func (s *story) newCounty() []*township {
	var out []*township
	divisions := ledger.Townships(Book)
	number := 0
	for i, d := range divisions {
		t := &township{Division: d}
		poor := poorVillages*(i+1)/len(divisions) - poorVillages*i/len(divisions)
		s.addVillages(t, poor, s.between(5, 9))
		for end := households * (i + 1) / len(divisions); number < end; number++ {
			v := &t.villages[min(s.rand.IntN(len(t.villages)), s.rand.IntN(len(t.villages)))]
			v.households = append(v.households, s.household(number+1, v.code))
		}
		out = append(out, t)
	}
	return out
}

// namePlaces enters the names of the villages, which no list of the program has.
func (y *year) namePlaces() {
	var acts []act
	for _, t := range y.towns {
		for _, v := range t.villages {
			acts = append(acts, newAct("2020-01-02", reliefMaker, "place."+v.code, &ledger.PlaceNamed{Basis: "村名单", Name: v.name, Place: v.code}))
		}
	}
	y.submit("quhua", "行政村名单", acts...)
}

func (s *story) addVillages(t *township, poor, others int) {
	used := map[string]bool{}
	for len(t.villages) < poor+others {
		name := pick(s, villageName) + pick(s, villageEnd)
		if s.rand.IntN(4) == 0 {
			name = pick(s, villageBegin) + name
		}
		if used[name] {
			continue
		}
		used[name] = true
		t.villages = append(t.villages, village{
			code: fmt.Sprintf("%s%03d", t.Code, 200+len(t.villages)), name: name + "村", poor: len(t.villages) < poor,
		})
	}
}
