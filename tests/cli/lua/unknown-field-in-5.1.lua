print(table.unpack({ 1 }), string.pack("i", 1), utf8.char(65))
