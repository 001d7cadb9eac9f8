const APACHE = `<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html>
 <head>
  <title>Index of /films</title>
 </head>
 <body>
<h1>Index of /films</h1>
<pre><img src="/icons/blank.gif" alt="Icon "> <a href="?C=N;O=D">Name</a>                    <a href="?C=M;O=A">Last modified</a>      <a href="?C=S;O=A">Size</a>  <a href="?C=D;O=A">Description</a><hr><img src="/icons/back.gif" alt="[PARENTDIR]"> <a href="/">Parent Directory</a>                             -   
<img src="/icons/folder.gif" alt="[DIR]"> <a href="Season%201/">Season 1/</a>               2026-01-31 20:15    -   
<img src="/icons/movie.gif" alt="[VID]"> <a href="Am%e9lie.mkv">Am?lie.mkv</a>              2026-01-31 20:15  1.2G  
<img src="/icons/text.gif" alt="[TXT]"> <a href="a&amp;b%20%22c%22.srt">a&amp;b &quot;c&quot;.srt</a>            2026-02-01 08:05  123   2 lines
<hr></pre>
</body></html>`;

const APACHE_TABLE = `<html><head><title>Index of /films</title></head><body><h1>Index of /films</h1>
  <table>
   <tr><th valign="top"><img src="/icons/blank.gif" alt="[ICO]"></th><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th><th><a href="?C=S;O=A">Size</a></th></tr>
   <tr><th colspan="4"><hr></th></tr>
<tr><td valign="top"><img src="/icons/back.gif" alt="[PARENTDIR]"></td><td><a href="/">Parent Directory</a></td><td>&nbsp;</td><td align="right">  - </td></tr>
<tr><td valign="top"><a href="Season%201/"><img src="/icons/folder.gif" alt="[DIR]"></a></td><td><a href="Season%201/">Season 1/</a></td><td align="right">2026-01-31 20:15  </td><td align="right">  - </td></tr>
<tr><td valign="top"><a href="Am%e9lie.mkv"><img src="/icons/movie.gif" alt="[VID]"></a></td><td><a href="Am%e9lie.mkv">Am?lie.mkv</a></td><td align="right">2026-01-31 20:15  </td><td align="right">1.2G</td></tr>
<tr><td valign="top"><img src="/icons/text.gif" alt="[TXT]"></td><td><a href="a&amp;b%20%22c%22.srt">a&amp;b &quot;c&quot;.srt</a></td><td align="right">2026-02-01 08:05  </td><td align="right">123 </td><td>2 lines</td></tr>
</table></body></html>`;

const NGINX = `<html>\r
<head><title>Index of /films/</title></head>\r
<body>\r
<h1>Index of /films/</h1><hr><pre><a href="../">../</a>\r
<a href="Season%201/">Season 1/</a>                                          31-Jan-2026 20:15                   -\r
<a href="Am%E9lie.mkv">Am\xe9lie.mkv</a>                                         31-Jan-2026 20:15          1288490188\r
<a href="a%26b%20%22c%22.srt">a&amp;b &quot;c&quot;.srt</a>                                      01-Feb-2026 08:05                 123\r
</pre><hr></body>\r
</html>\r
`;

const NGINX_JSON = `[
{ "name":"Season 1", "type":"directory", "mtime":"Sat, 31 Jan 2026 20:15:07 GMT" },
{ "name":"Am\xe9lie.mkv", "type":"file", "mtime":"Sat, 31 Jan 2026 20:15:08 GMT", "size":1288490188 },
{ "name":"a&b \\"c\\".srt", "type":"file", "mtime":"Sun, 01 Feb 2026 08:05:09 GMT", "size":123 },
{ "name":"socket", "type":"other", "mtime":"Sun, 01 Feb 2026 08:05:09 GMT" }
]`;

const LIGHTTPD = `<!DOCTYPE html>
<html><head><title>Index of /films/</title></head>
<body><h2>Index of /films/</h2><div class="list"><table summary="Directory Listing" cellpadding="0" cellspacing="0">
<thead><tr><th class="n">Name</th><th class="m">Last Modified</th><th class="s">Size</th><th class="t">Type</th></tr></thead>
<tbody>
<tr class="d"><td class="n"><a href="../">..</a>/</td><td class="m">&nbsp;</td><td class="s">- &nbsp;</td><td class="t">Directory</td></tr>
<tr class="d"><td class="n"><a href="Season%201/">Season 1</a>/</td><td class="m">2026-Jan-31 20:15:07</td><td class="s">- &nbsp;</td><td class="t">Directory</td></tr>
<tr><td class="n"><a href="Am%E9lie.mkv">Am\xe9lie.mkv</a></td><td class="m">2026-Jan-31 20:15:08</td><td class="s">1.2G</td><td class="t">video/x-matroska</td></tr>
<tr><td class="n"><a href="a%26b%20%22c%22.srt">a&amp;b &quot;c&quot;.srt</a></td><td class="m">2026-Feb-01 08:05:09</td><td class="s">0.1K</td><td class="t">text/plain</td></tr>
</tbody></table></div><div class="foot">lighttpd/1.4.69</div></body></html>`;

/** The fallback that h5ai has in its page for who runs no scripts; links are absolute paths. */
const H5AI = `<!DOCTYPE html><html class="no-js" lang="en"><head><meta charset="utf-8"><title>index - powered by h5ai</title>
<link rel="stylesheet" href="/_h5ai/public/css/styles.css"></head><body id="root"><div id="fallback-hints"><span class="noJsMsg">Works best with JavaScript enabled!</span></div>
<div id="fallback"><table><tr><th class="fallback-i"></th><th class="fallback-n"><span>Name</span></th><th class="fallback-d"><span>Last modified</span></th><th class="fallback-s"><span>Size</span></th></tr>
<tr><td class="fallback-i"><img src="/_h5ai/public/images/fallback/folder-parent.png" alt="folder-parent"/></td><td class="fallback-n"><a href="..">Parent Directory</a></td><td class="fallback-d"></td><td class="fallback-s"></td></tr>
<tr><td class="fallback-i"><img src="/_h5ai/public/images/fallback/folder.png" alt="folder"/></td><td class="fallback-n"><a href="/films/Season%201/">Season 1</a></td><td class="fallback-d">2026-01-31 20:15</td><td class="fallback-s"></td></tr>
<tr><td class="fallback-i"><img src="/_h5ai/public/images/fallback/file.png" alt="file"/></td><td class="fallback-n"><a href="/films/Am%E9lie.mkv">Am?lie.mkv</a></td><td class="fallback-d">2026-01-31 20:15</td><td class="fallback-s">1258291 KB</td></tr>
<tr><td class="fallback-i"><img src="/_h5ai/public/images/fallback/file.png" alt="file"/></td><td class="fallback-n"><a href="/films/a%26b%20%22c%22.srt">a&amp;b</a></td><td class="fallback-d">2026-02-01 08:05</td><td class="fallback-s">0 KB</td></tr>
</table></div></body></html>`;

const CADDY_JSON = `[{"name":"Season 1/","size":4096,"url":"./Season%201/","mod_time":"2026-01-31T20:15:07.123456789Z","mode":2147484141,"is_dir":true,"is_symlink":false},
{"name":"Am\ufffdlie.mkv","size":1288490188,"url":"./Am%E9lie.mkv","mod_time":"2026-01-31T21:15:08+01:00","mode":420,"is_dir":false,"is_symlink":false},
{"name":"a\\u0026b \\"c\\".srt","size":123,"url":"./a&b%20%22c%22.srt","mod_time":"2026-02-01T08:05:09Z","mode":420,"is_dir":false,"is_symlink":false}]`;

const CADDY = `<!DOCTYPE html><html><head><title>films</title></head><body><h1><a href="/">/</a><a href="/films/">films</a></h1>
<div class="listing"><table aria-describedby="summary"><thead><tr><th></th><th><a href="?sort=name&order=desc">Name</a></th><th><a href="?sort=size&order=asc">Size</a></th></tr></thead><tbody>
<tr><td></td><td><a href=".."><span class="goup">Up</span></a></td><td>&mdash;</td><td class="hideable">&mdash;</td></tr>
<tr class="file"><td></td><td><a href="./Season%201/"><svg width="1.5em"></svg><span class="name">Season 1</span></a></td><td data-order="-1">&mdash;</td><td class="hideable"><time datetime=" 2026-01-31T20:15:07Z">01/31/2026 08:15:07 PM +00:00</time></td></tr>
<tr class="file"><td></td><td><a href="./Am%E9lie.mkv"><svg></svg><span class="name">Am?lie</span></a></td><td data-order="1288490188">1.2 GiB</td><td class="hideable"><time datetime="2026-01-31T20:15:08Z">01/31/2026</time></td></tr>
<tr class="file"><td></td><td><a href="./a&amp;b%20%22c%22.srt"><span class="name">a</span></a></td><td class="size" data-size="123"><div class="sizebar"><div class="sizebar-text">123 B</div></div></td><td class="hideable"><time datetime="2026-02-01T08:05:09Z">02/01/2026</time></td></tr>
</tbody></table></div></body></html>`;

const IIS = `<html><head><title>127.0.0.1 - /films/</title></head><body><H1>127.0.0.1 - /films/</H1><hr>

<pre><A HREF="/">[To Parent Directory]</A><br><br> 1/31/2026  8:15 PM        &lt;dir&gt; <A HREF="/films/Season%201/">Season 1</A><br> 1/31/2026  8:15 PM   1288490188 <A HREF="/films/Am%E9lie.mkv">Am</A><br>Sunday, February 1, 2026  8:05 AM          123 <A HREF="/films/a&amp;b%20%22c%22.srt">a&amp;b &quot;c&quot;.srt</A><br></pre><hr></body></html>`;

/** One folder, `/films/`, as web servers show it: a folder, and two files of which one has a name in Latin-1. */
export const PAGES = { APACHE, APACHE_TABLE, NGINX, NGINX_JSON, LIGHTTPD, H5AI, CADDY_JSON, CADDY, IIS };
