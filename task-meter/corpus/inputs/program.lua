-- What an interpreter does all day: closures, tables, strings, patterns, sorting. Not: errors and
-- coroutines, which Emscripten's Lua throws through its host.
local function generator(state)
  return function()
    state = (state * 1664525 + 1013904223) & 0xffffffff
    return state
  end
end

local random = generator(7)
local keys = {}
for i = 1, 3000 do keys[i] = random() end
table.sort(keys)

local words = {}
for i, key in ipairs(keys) do words[i] = string.format("%x", key) end
local text = table.concat(words, " ")
local letters = {}
for letter in text:gmatch("%a") do letters[letter] = (letters[letter] or 0) + 1 end

local function queens(n)
  local count, columns, up, down = 0, {}, {}, {}
  local function place(row)
    if row > n then count = count + 1 return end
    for column = 1, n do
      if not (columns[column] or up[row + column] or down[row - column]) then
        columns[column], up[row + column], down[row - column] = true, true, true
        place(row + 1)
        columns[column], up[row + column], down[row - column] = nil, nil, nil
      end
    end
  end
  place(1)
  return count
end

local sum = 0
for _, key in ipairs(keys) do sum = sum + math.sqrt(key) / 3 end

local found = {}
for _, letter in ipairs({ "a", "b", "c", "d", "e", "f" }) do found[#found + 1] = letter .. "=" .. letters[letter] end
return table.concat({ keys[1], keys[#keys], queens(7), sum, table.concat(found, ",") }, "\n")
