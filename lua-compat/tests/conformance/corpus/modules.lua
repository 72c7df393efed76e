--! require and package.
--@ both require
S[[
package.path = "./?.lua" package.cpath = "" return require("answers")

package.path = "./?.lua" package.cpath = "" return require("answers") == require("answers"), package.loaded.answers.answer

package.path = "./?.lua" package.cpath = "" return pcall(require, "missing")

package.path = "./?.lua;./lib/?.lua;./?/init.lua" package.cpath = "" return pcall(require, "deep.missing")

package.path = "" package.cpath = "" return pcall(require, "missing")

package.path = "./?.lua" package.cpath = "" return pcall(require, "broken")

package.path = "./?.lua" package.cpath = "" return pcall(require, "raises")

package.preload.given = function(...) return {name = ...} end return require("given").name

package.preload.nothing = function() end return require("nothing"), package.loaded.nothing

package.preload.no = function() return false end return require("no"), package.loaded.no

package.preload.sets = function(name) package.loaded[name] = "set itself" end return (require("sets"))

package.preload.fails = function() error("in loader", 0) end return pcall(require, "fails")

package.preload.fails = function() error("in loader", 0) end pcall(require, "fails") return package.loaded.fails

package.preload.fails = function() error({}) end local ok, e = pcall(require, "fails") return ok, type(e)

package.loaded.put = 5 return (require("put"))

require()

require(nil)

require({})

return pcall(require)

return (require("string")) == string, (require("_G")) == _G, (require("coroutine")) == coroutine

package.path = 5 package.cpath = "" return pcall(require, "x")

package.path = nil package.cpath = "" return pcall(require, "x")

package.path = "./?.lua" local p = package package = nil local ok = pcall(require, "string") package = p return ok

package.loaded.looped = nil package.preload.looped = function() return require("looped") end local ok = pcall(require, "looped") return ok

package.path = "./?.lua" package.cpath = "" require("a'b")

local n = 0 package.preload.counted = function() n = n + 1 return n end require("counted") require("counted") package.loaded.counted = nil return (require("counted")), n
]]
--@ both package
E[[
type(package.path), type(package.cpath), package.config, type(package.loaded), type(package.preload), type(package.loadlib)
package.loaded._G == _G, package.loaded.string == string, package.loaded.package == package, package.loaded.math == math
package.loadlib()
package.loadlib("x")
]]
--@ 5.4 package.searchers package.searchpath
E[[
#package.searchers, type(package.searchers[1])
package.searchpath("x", "./?.lua;./?/init.lua")
package.searchpath("a.b", "./?.lua")
package.searchpath("a.b", "./?.lua", "")
package.searchpath("a-b", "./?.x", "-", "+")
package.searchpath("a.b", "./?.lua;?", ".", "_")
package.searchpath("x", "")
package.searchpath("x", "nothing")
package.searchpath("answers", "./?.lua")
package.searchpath()
package.searchpath("x")
package.searchpath({}, "x")
package.searchers[1]("missing")
package.searchers[2]("missing") ~= nil
]]
S[[
package.path = "./?.lua" package.cpath = "" return select('#', require("answers")), select(2, require("answers"))

package.preload.p = function(...) return select('#', ...) .. tostring((select(2, ...))) end return require("p")

package.preload.q = function() return 1 end require("q") return require("q")

package.searchers = nil return pcall(require, "zzz")

local keep = {table.unpack(package.searchers)} table.insert(package.searchers, 1, function(name) if name == "virtual" then return function(n, extra) return n .. " from " .. extra end, "data" end return "\n\tno virtual '" .. name .. "'" end)
package.path, package.cpath = "./?.lua", ""
local a, b = require("virtual") local _, m = pcall(require, "nope") table.remove(package.searchers, 1) return a, b, m

package.searchers[1] = function() return 5 end package.path, package.cpath = "", "" return pcall(require, "none")

package.searchers[1] = function() return nil end package.path, package.cpath = "", "" return pcall(require, "none")

package.searchers[1] = function() error("searcher fails", 0) end return pcall(require, "none2")
]]
--@ 5.1 package.loaders package.seeall module
E[[
#package.loaders, type(package.loaders[1])
package.loaders[1]("missing")
package.seeall()
package.seeall(1)
package.seeall({})
module()
module({})
]]
S[[
module("one") return _M._NAME, _M._PACKAGE, _M == package.loaded.one

module("outer.inner.leaf") return _NAME, _PACKAGE

local g = _G module("seen", g.package.seeall) x = 5 return type(print), g.seen.x, g.rawget(g, "x")

local g = _G module("blind") return g.pcall(function() return print("x") end)

local m = _G module("opts", function(t) t.mark = "set" end) return mark

local a = 5 module("string.taken") return 1

five = 5 module("five")

a = {b = {c = 1}} module("a.b.c")

local g = _G module("again") y = 1 g.setfenv(1, g) module("again") return y

package.preload.viamodule = function(...) module(..., package.seeall) function f() return "f of " .. _NAME end end return require("viamodule").f(), viamodule == package.loaded.viamodule

local p = {} package.seeall(p) return p.print == print, getmetatable(p).__index == _G

package.loaders = nil return pcall(require, "zzz")

package.loaders[1] = function() return nil end package.path, package.cpath = "", "" return pcall(require, "none")

package.loaders[1] = function(name) return "\n\ttold '" .. name .. "'" end package.path, package.cpath = "", "" return pcall(require, "none")
]]
