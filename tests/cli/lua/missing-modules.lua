local redis = require("nauthilus_redis")
local lost = require "lost.and.found"
local json = require("json")
print(redis, lost, json)
